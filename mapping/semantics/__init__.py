"""What attributes and log bodies mean, whoever wrote them: session, agent, type, status, tokens; by tables."""
