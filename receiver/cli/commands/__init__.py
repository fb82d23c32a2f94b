"""One file per command: `add_arguments` declares its flags, `run` executes it and returns the exit code."""
