"""Retention: traces are deleted on request, or by age and number of events."""
