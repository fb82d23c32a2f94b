"""Writing to the store: group commit, and what follows from it (the live feed, completing idle traces)."""
