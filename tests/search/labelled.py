"""The labelled search set: agent events and what people ask for them, written and judged by hand, tuned to no engine.

`events/DOMAIN.jsonl` has events as `/api/v1/events` takes them, each with a `label` beside its fields. `queries.jsonl`
has the queries, each with its kind and the labels of every event worth finding, graded over the whole set by reading:

- 3: exactly what was asked for; near-duplicates that answer as well have the same grade
- 2: clearly relevant: the same matter, but its cause, its remedy, or a milder case
- 1: touches it

Whoever adds an event reads all queries again: what it answers is labelled there. What search does badly is mended in
the search, never here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

HERE = Path(__file__).parent

# paraphrase: said in other words than the event's; symptom: what somebody sees, not what it is called; exact: an id, a
# number, a code, a path; tool: a tool's name; negative: something like this, but not that; typo: a letter or two wrong;
# mixed: ids, names and words together.
Kind = Literal["paraphrase", "symptom", "exact", "tool", "negative", "typo", "mixed"]
Grade = Literal[1, 2, 3]


class Query(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody asks, and the grades of the events that answer it, by label."""

    kind: Kind
    query: str
    relevant: dict[str, Grade]


class _Label(msgspec.Struct):
    label: str


def load(folder: Path = HERE) -> tuple[dict[str, dict[str, Any]], list[Query]]:
    """Return the events by label, as a client sends them, and the queries.

    Raises ValueError where the set is inconsistent: a label or query that stands twice, a grade for an event that does
    not exist, a query that nothing answers exactly, a line that is none of the set.
    """
    events = _events(folder)
    queries = [msgspec.json.decode(line, type=Query) for line in _lines(folder / "queries.jsonl")]
    asked: set[str] = set()
    for query in queries:
        if query.query in asked:
            raise ValueError(f"query {query.query!r} stands twice")
        asked.add(query.query)
        if unknown := query.relevant.keys() - events.keys():
            raise ValueError(f"query {query.query!r} grades unknown events: {', '.join(sorted(unknown))}")
        if 3 not in query.relevant.values():
            raise ValueError(f"query {query.query!r} has no event of grade 3")
    return events, queries


def _events(folder: Path) -> dict[str, dict[str, Any]]:
    events: dict[str, dict[str, Any]] = {}
    for file in sorted((folder / "events").glob("*.jsonl")):
        for line in _lines(file):
            label = msgspec.json.decode(line, type=_Label).label
            if label.rpartition("-")[0] != file.stem:
                raise ValueError(f"label {label!r} does not belong in {file.name}")
            if label in events:
                raise ValueError(f"label {label!r} stands twice")
            events[label] = msgspec.json.decode(line, type=dict[str, Any])
            # Nothing may be found by it.
            del events[label]["label"]
    return events


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()
