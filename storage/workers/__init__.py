"""Child processes: starting one, sending it requests, answering them, and the messages in between."""
