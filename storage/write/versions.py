"""Two deliveries of an event, of which the second may be a later version: a span that was sent while it ran.

The later one ends later or, ending at the same time, has more attributes. Anything but a span has one version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mapping.errors import Code, Problem, invalid
from mapping.model import Event


class Version(NamedTuple):
    """An event that is known; `progress` of a span is its duration and how many attributes it has."""

    trace_id: str
    project: str | None
    name: str | None
    progress: tuple[int, int] | None


def version_of(event: Event) -> Version:
    return _version(event.trace_id, event.project, event.name, event.span_id, event.duration, len(event.properties))


def version_of_row(row: Mapping[str, Any]) -> Version:
    """Return the version of a stored event; `attributes` is how many it has."""
    return _version(
        row["trace_id"],
        row.get("project"),
        row.get("name"),
        row.get("span_id"),
        row.get("duration_ns"),
        row["attributes"],
    )


def is_later(event: Event, known: Version) -> bool:
    """Return whether an event is a later version of the one that is known by its id."""
    progress = version_of(event).progress
    return progress is not None and known.progress is not None and progress > known.progress


def another(event: Event, known: Version) -> Problem | None:
    """Return why an event that is no later version is not stored, where its name says that it is another span."""
    if not event.span_id or event.name == known.name:
        return None
    return invalid(
        f"spans[]: {(event.name or '')[:80]!r} has the ids, kind and start of {(known.name or '')[:80]!r}, which is "
        "stored; kept is the one that ended later, or has more attributes"
    )


def of_another_project(event: Event, known: Version) -> Problem | None:
    """Return why an event is not stored whose id one of another project has, which its sender may not write to."""
    if not event.is_confined or event.project == known.project:
        return None
    text = f"id: an event of another project has {event.id!r}; this API key sends for {event.project!r} alone"
    return Problem(Code.PERMISSION_DENIED, text)


def _version(
    trace_id: str | None,
    project: str | None,
    name: str | None,
    span_id: str | None,
    duration: int | None,
    attributes: int,
) -> Version:
    return Version(
        str(trace_id), project, name, ((-1 if duration is None else duration), attributes) if span_id else None
    )
