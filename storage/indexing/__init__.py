"""What was stored, brought into the search index: the queue, the points, the upserts, which index serves."""
