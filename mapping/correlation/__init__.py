"""Which trace an event belongs to, and what the trace learns from it."""
