"""What webhooks are told of. It imports no store: settings are read before there is one."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

Kind = Literal["failed_run", "new_error", "cost", "failure_rate"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Kinds that follow from a single run, of which the interpreter takes note.
OF_RUNS: frozenset[Kind] = frozenset(("failed_run", "new_error"))


class Rules(NamedTuple):
    """What a webhook is told of, by its name.

    `span` is in whole hours, `cost` in nano US dollars, `failure_rate` a share of the runs, of which there must be
    `min_runs` at least. At most so many messages are sent `per_minute`.
    """

    webhook: str
    on: frozenset[Kind]
    span: int = 1
    cost: int = 0
    failure_rate: float = 1.0
    min_runs: int = 1
    per_minute: int = 10
