"""What arrives, stored: group commit, and what follows from it (the live feed, traces that have gone idle)."""
