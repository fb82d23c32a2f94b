"""What arrives becomes events and traces: values in, values out. No I/O, no clock, no randomness, no database."""
