"""HTTP, command line and wiring."""
