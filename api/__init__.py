"""The HTTP API: a thin layer that checks who asks, calls a craft or a query, and answers in JSON."""
