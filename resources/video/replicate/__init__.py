"""Replicate: video models and LoRA trainings behind one HTTP API."""
