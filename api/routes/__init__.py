"""Routes, one module per group: parse, call, return."""
