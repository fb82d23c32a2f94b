"""The messages of models and tools: extracted from events, compared, and shown as one conversation."""
