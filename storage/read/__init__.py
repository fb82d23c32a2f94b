"""Reads the store: events, traces, calls and sessions in pages, a trace as a waterfall or a conversation, counts."""
