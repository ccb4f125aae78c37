"""Replicate's HTTP API, for local use: predictions, trainings, models, files and webhooks."""
