"""The rules of the product: pure functions and values, with no I/O, no Dagster and no FastAPI."""
