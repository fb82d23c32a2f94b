"""Indexing of stored events for search: the queue, the points, the upserts, the choice of the serving index."""
