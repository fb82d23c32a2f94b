"""Limits and redaction, applied to events after decoding and before anything is stored."""
