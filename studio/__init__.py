"""The crafts: each does its work with resources by the rules of the domain, and knows neither Dagster nor FastAPI."""
