"""What happened, made from what was sent: calls, runs and sums, in a process beside the receiver."""
