"""Keeping less: traces that are deleted, by request or by age and number."""
