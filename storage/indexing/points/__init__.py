"""Events made into points: text, vectors, payload. In a process of its own, which the receiver only hands bytes."""
