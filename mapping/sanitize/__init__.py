"""Events as they are stored: within the limits, without secrets. It comes after decoding, before anything is stored."""
