"""Search by meaning and by words: query the index, fuse, re-rank, read the events. Facets and similar events, too."""
