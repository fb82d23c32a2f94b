"""What happened, from what was sent: the calls of models, tools and agents that a set of events tells of."""
