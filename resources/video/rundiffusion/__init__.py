"""RunDiffusion, and any other service of the usual kind: what it is asked and how it answers is configured."""
