"""One file a command: `add_arguments` declares its flags, `run` does it and gives the exit code."""
