"""Child processes: how one is started and asked, how it answers, and what the two say to each other."""
