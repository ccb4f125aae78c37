"""fal's queue, for local use: the Pika models, their files and webhooks."""
