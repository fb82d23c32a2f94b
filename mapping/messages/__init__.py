"""The messages of models and tools: found in what was logged, compared, and shown as one conversation."""
