"""Search by meaning and by words: query the index, fuse, re-rank, read the events; also facets and similar events."""
