"""Indexing of stored events for search: the queue, the points, the upserts, which index serves."""
