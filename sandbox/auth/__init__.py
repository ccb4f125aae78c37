"""Supabase Auth (GoTrue) for local use: accounts with a password, rotating refresh tokens, ES256 access tokens."""
