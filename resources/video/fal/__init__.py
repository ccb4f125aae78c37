"""fal.ai: Pika's models behind a queue."""
