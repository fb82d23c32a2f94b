"""Which trace an event belongs to, and the fields of a trace that follow from its events."""
