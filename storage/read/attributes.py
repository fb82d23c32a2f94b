"""Whether events have attributes of a key and a value: their own, of a log's structured body, or of their resource."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from mapping.filtering.language import AttributeTerm
from mapping.filtering.matching import attribute_matches
from storage.read.paging import ROWS_AT_ONCE, Branch, Cursor, Pace, Row, page
from storage.read.sifting import Match
from storage.surreal import rows
from storage.surreal.database import Database


async def having_attributes(
    database: Database, terms: Sequence[AttributeTerm], matches: Sequence[Match]
) -> list[Match]:
    """Return the matches of which for each of the terms an event has the attribute, or for a negated one none."""
    if sum(count for match in matches for _, count in match.traces) < ROWS_AT_ONCE:
        fields, values = _fields(terms)
        branches = [Branch({"trace_id": trace_id}) for match in matches for trace_id, _ in match.traces]
        events = await page(database, rows.EVENT, branches, ROWS_AT_ONCE, fields=f"{fields}, trace_id", values=values)
        if len(events) < ROWS_AT_ONCE:
            by_trace: defaultdict[str, list[Row]] = defaultdict(list)
            for event in events:
                by_trace[event["trace_id"]].append(event)
            return [
                match
                for match in matches
                if all(
                    term.negated
                    != any(_has(event, number, term) for trace, _ in match.traces for event in by_trace[trace])
                    for number, term in enumerate(terms)
                )
            ]
    return [match for match in matches if await _of_long_traces(database, terms, [trace for trace, _ in match.traces])]


async def _of_long_traces(database: Database, terms: Sequence[AttributeTerm], trace_ids: Sequence[str]) -> bool:
    fields, values = _fields(terms)
    open_terms = dict(enumerate(terms))
    for trace_id in trace_ids:
        after: Cursor | None = None
        pace = Pace(first=ROWS_AT_ONCE // 4)
        while open_terms:
            size = pace.rows
            events = await pace.keep(
                page(
                    database,
                    rows.EVENT,
                    [Branch({"trace_id": trace_id})],
                    size,
                    cursor=after,
                    fields=fields,
                    values=values,
                )
            )
            for number, term in list(open_terms.items()):
                if any(_has(event, number, term) for event in events):
                    if term.negated:
                        return False
                    del open_terms[number]
            if len(events) < size:
                break
            after = Cursor(events[-1]["newest"], events[-1]["id"])
    return all(term.negated for term in open_terms.values())


def _fields(terms: Sequence[AttributeTerm]) -> tuple[str, dict[str, str]]:
    """Return what is read of an event, and the variables in it."""
    fields, values = ["id, newest"], {}
    for number, term in enumerate(terms):
        key, outer = f"key{number}", f"outer{number}"
        fields.append(
            f"properties[${key}] AS {key}, properties.body[${key}] AS in_body{number},"
            f" origin.resource[${key}] AS resource{number}"
        )
        values[key] = term.key
        if "." in term.key:
            fields.append(f"properties[${outer}] AS {outer}")
            values[outer] = term.key.partition(".")[0]
    return ", ".join(fields), values


def _has(event: Row, number: int, term: AttributeTerm) -> bool:
    return any(attribute_matches(term.pattern, value) for value in _values(event, number, term))


def _values(event: Row, number: int, term: AttributeTerm) -> Iterator[Any]:
    yield from (event.get(f"{place}{number}") for place in ("key", "in_body", "resource"))
    inner = event.get(f"outer{number}")
    for part in term.key.split(".")[1:]:
        inner = inner.get(part) if isinstance(inner, dict) else None
    yield inner if "." in term.key else None
