"""Reading the store: events, traces and sessions in pages, a trace as a waterfall or a conversation, counts."""
