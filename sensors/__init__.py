"""Thin shells around decisions of the domain: each reads facts, decides, and carries out."""
