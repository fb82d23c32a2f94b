"""What must come out of each case, by its name."""

from tests.cases.right import agents, conversations, edge, neighbours, tokens, tools
from tests.cases.right.case import Case

CASES: dict[str, Case] = tokens.CASES | tools.CASES | agents.CASES | conversations.CASES | edge.CASES | neighbours.CASES
