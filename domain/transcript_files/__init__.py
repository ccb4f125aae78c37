"""Transcripts that users send as files: SubRip, WebVTT, plain text and JSON."""
