"""What Replicate and fal have in common: paid work that runs in the background, with webhooks and files at its end."""
