"""One file per stage; each reads like the stage's description."""
