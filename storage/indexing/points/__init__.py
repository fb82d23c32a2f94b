"""Makes points of events (text, vectors, payload) in a child process, to which the receiver passes bytes."""
