"""In which hours failures of a kind were first and last counted: a step of a chart may be four weeks.

The steps they are in are narrowed to days and then to hours, by the rows of their names alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from mapping.calls.figures import NAME_LENGTH, By, unpacked
from storage.read.figures import WIDTHS, Span, added_up, cover, kind_of
from storage.read.paging import ROWS_AT_ONCE
from storage.surreal import cbor, rows
from storage.surreal.database import Database

# How many there are of a name, by the hours of a step, its number, and the name.
_Key = tuple[int, int, str]

_READ = """
RETURN {
    counted: (SELECT record::id(id) AS key, told FROM $records),
    queued: (SELECT added, removed FROM figures_queue)
}
"""


class Seen(msgspec.Struct):
    """The names of a kind, and hours in which the first or the last of them was counted, fewer and fewer."""

    names: Sequence[str]
    hours: Span
    is_first: bool


async def narrow(database: Database, by: By, seen: Iterable[Seen], project: str = "") -> None:
    """Narrow each of these to an hour. What is deleted meanwhile stays as wide as it is known."""
    open_ones = [one for one in seen if _hours(one.hours) > 1]
    while open_ones:
        parts = [_parts(one.hours) for one in open_ones]
        wanted = {
            (*part, name)
            for one, parts_of_it in zip(open_ones, parts, strict=True)
            for part in parts_of_it
            for name in one.names
        }
        counts = await _counts(database, by, sorted(wanted), project)
        for one, parts_of_it in zip(open_ones, parts, strict=True):
            having = [
                (step * width, width, names)
                for width, step in parts_of_it
                if (names := [name for name in one.names if counts[width, step, name] > 0])
            ]
            if having:
                start, width, one.names = min(having) if one.is_first else max(having)
                one.hours = Span(start, start + width)
            else:
                one.names = []
        open_ones = [one for one in open_ones if one.names and _hours(one.hours) > 1]


def _hours(span: Span) -> int:
    return span.end - span.first


def _parts(span: Span) -> list[tuple[int, int]]:
    """Return the widest steps that these hours are made of and that are not all of them: hours of each, and number."""
    most = max(width for width in WIDTHS if width < _hours(span))
    return [(width, step) for width, first, end in cover(span, most) for step in range(first, end)]


async def _counts(database: Database, by: By, wanted: Sequence[_Key], project: str) -> defaultdict[_Key, int]:
    kind = kind_of(by, project)
    counts: defaultdict[_Key, int] = defaultdict(int)
    for begin in range(0, len(wanted), ROWS_AT_ONCE):
        keys = wanted[begin : begin + ROWS_AT_ONCE]
        ids: list[list[str | int]] = [[width, kind, step, name] for width, step, name in keys]
        (found,) = await database.query(_READ, records=[cbor.record(rows.FIGURES, each) for each in ids])
        for row in found["counted"]:
            width, _, step, name = row["key"]
            counts[width, step, name] += unpacked(row["told"])[0].figures.count
        # What is in the queue is none of the rows' of the same statement.
        asked = set(keys)
        for key, figures in added_up(found["queued"]).items():
            for width in WIDTHS if key.by == by and key.project == project[:NAME_LENGTH] else ():
                if (place := (width, key.hour // width, key.name)) in asked:
                    counts[place] += figures.count
    return counts
