"""Calls in pages: newest first, or those first that took longest, had the most tokens or cost most.

The calls of a run are in pages of their own (`call_pages`), and its row says what the first of them is in each order.
So runs, and then pages of their calls, are opened in the order of what they may begin with, and a call is listed once
nothing that is not opened may come before it. Calls that are equal in an order come by their traces.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, NamedTuple, get_args

import msgspec

from mapping.calls.model import CallKind, Score
from mapping.calls.scores import sums_of_scores
from mapping.filtering.language import NameField
from mapping.filtering.matching import Facts, matches
from mapping.values import INT64_MAX, INT64_MIN
from storage.filters import CallFilter, CallSort
from storage.read.call_pages import Place, pages_of
from storage.read.paging import Branch, Contains, Cursor, Row, page, read_place, records, write_place
from storage.read.sifting import exact
from storage.surreal import cbor, rows
from storage.surreal.database import Database

# The field of each order: a number, negated.
ORDERS: dict[CallSort, str] = {
    "start": "newest_start",
    "duration": "longest",
    "tokens": "most_tokens",
    "cost": "dearest",
}
_KINDS: tuple[CallKind, ...] = get_args(CallKind)
# The lists of a run that have the names of calls, by their kind, and how many names each has at most.
_NAMES: dict[CallKind, str] = {"model": "models", "tool": "tool_names", "agent": "agent_names"}
_MOST_NAMES = 100
# The fields that a term with one name asks for, and the words that these must have; None stands for the name.
_EXACT: dict[NameField, dict[str, str | None]] = {
    "agent": {"agent_id": None},
    "session": {"session_id": None},
    "name": {"name": None},
    "model": {"kind": "model", "name": None},
    "tool": {"kind": "tool", "name": None},
}
_FIELDS = (
    "id, newest_start, call_pages, newest_call, failed_calls, longest_model, longest_tool, longest_agent, "
    "sessions, agents, models, tool_names, agent_names"
)
_PROJECT = "type::record('agent_trace', record::id(id)).project AS project"
# Runs read at a time, and those that are sorted here where a filter leaves no more.
_RUNS, _FEW = 200, 1_000
# Pages of calls opened at a time.
_OPENED = 16
# Runs and pages that are looked at for a page of the list: then it ends with what is certain.
_MOST_RUNS, _MOST_PAGES = 20_000, 500


class Position(NamedTuple):
    """A place in a list: the number that orders it, the trace, and the call, "" before all calls of the trace."""

    place: int
    trace_id: str
    call_id: str = ""


class ListCursor(NamedTuple):
    """Where a page of the list ended; the first run that may have calls after that, and where the list began: both None
    where all runs are to be looked at. What comes before that began has changed since.
    """

    after: Position
    first: int | None
    began: int | None


class Listed(NamedTuple):
    """Calls, and where the next page of the list begins, None after the last one."""

    calls: list[Row]
    next: str | None


def write_list_cursor(cursor: ListCursor, sort: CallSort) -> str:
    return write_place(cursor, f"calls {sort}")


def read_list_cursor(text: str, sort: CallSort) -> ListCursor:
    """Decode a cursor of calls in this order. Raises Problem (INVALID_ARGUMENT) for an invalid one."""
    after, *places = read_place(text, f"calls {sort}", tuple[tuple[int, str, str], int | None, int | None])
    place, trace_id, call_id = after
    first, began = (None if place is None else cbor.int64(place) for place in places)
    return ListCursor(Position(cbor.int64(place), trace_id, call_id), first, began)


async def calls(database: Database, which: CallFilter, sort: CallSort, limit: int, cursor: str | None = None) -> Listed:
    """Return the calls that follow the cursor, at most `limit`.

    A page may have fewer, or none, and be followed by another one. Raises Problem: INVALID_ARGUMENT for an invalid
    cursor, UNAVAILABLE.
    """
    after = None if cursor is None else read_list_cursor(cursor, sort)
    exactly = _exactly(which)
    return Listed([], None) if exactly is None else await _List(database, exactly, sort, after).read(limit)


def _exactly(which: CallFilter) -> CallFilter | None:
    """Return the filter with what its terms, and a model's name, say of other fields; None if no call can match."""
    asked = [] if which.model is None else [("kind", "model"), ("name", which.model)]
    for field, columns in _EXACT.items():
        if (name := exact(which.filter, field)) is not None:
            asked += [(column, name if word is None else word) for column, word in columns.items()]
    equal: dict[str, Any] = {}
    for column, value in asked:
        known = equal.setdefault(column, getattr(which, column) or value)
        if known != value:
            return None
    return msgspec.structs.replace(which, model=None, **equal)


def _facts(row: Row) -> Facts:
    """Return what the terms of a filter are compared with."""
    called = [row["name"]] if row.get("name") else []
    return Facts(
        names={
            "agent": [row["agent_id"]] if row.get("agent_id") else [],
            "session": [row["session_id"]] if row.get("session_id") else [],
            "status": [row["status"]],
            "name": called,
            "model": called if row["kind"] == "model" else [],
            "tool": called if row["kind"] == "tool" else [],
        },
        texts={"error": [row["error"]] if row.get("error") else []},
        numbers={
            "duration": row["duration_ns"],
            "tokens": (row.get("input_tokens") or 0) + (row.get("output_tokens") or 0),
            "cost": row.get("cost_nano_usd") or 0,
        },
        scores=sums_of_scores(msgspec.convert(row.get("scores", []), list[Score])),
    )


class _Opening(NamedTuple):
    """A page of calls that may be opened: none of them comes before `place`. Only those of the `kind` are taken."""

    place: int
    trace_id: str
    number: int
    kind: CallKind | None


class _Stream:
    """Runs in the order of their first calls, of one kind or of any. `next` is the first that was not taken."""

    def __init__(self, runs: AsyncIterator[Row], by: str, kind: CallKind | None) -> None:
        self._runs, self.by, self.kind = runs, by, kind
        self.next: Row | None = None

    async def advance(self) -> None:
        self.next = await anext(self._runs, None)

    @property
    def at(self) -> tuple[int, str] | None:
        return None if self.next is None else (self.next[self.by], self.next["id"])


class _List:
    """A page of a list while it is made."""

    def __init__(self, database: Database, which: CallFilter, sort: CallSort, cursor: ListCursor | None) -> None:
        self._database, self._which, self._sort, self._by_start = database, which, sort, sort == "start"
        self._fields = _FIELDS if which.project is None else f"{_FIELDS}, {_PROJECT}"
        self._order = ORDERS[sort]
        self._after = None if cursor is None else cursor.after
        self._first = None if cursor is None else cursor.first
        self._began = None if cursor is None else cursor.began
        self._openings: list[_Opening] = []
        self._found: list[tuple[Position, Row]] = []
        # Runs that may have more calls after this page, by where their first ones are.
        self._left: list[tuple[tuple[int, str], int]] = []
        self._runs = self._pages = 0

    async def read(self, limit: int) -> Listed:
        few = await self._few()
        streams = [self._stream(kind, few) for kind in self._kinds()]
        for stream in streams:
            await stream.advance()
        if self._after is None and streams[0].at is not None:
            self._began = streams[0].at[0]
        listed: list[Row] = []
        while True:
            coming = [stream for stream in streams if stream.at is not None]
            bounds = [*(stream.at for stream in coming), *(opening[:2] for opening in self._openings[:1])]
            bound = min((at for at in bounds if at is not None), default=None)
            while self._found and (bound is None or self._found[0][0][:2] < bound):
                if len(listed) == limit:
                    return Listed(listed, self._cursor(_position(listed[-1], self._order), streams))
                listed.append(heapq.heappop(self._found)[1])
            if bound is None:
                return Listed(listed, None)
            if self._is_enough(bound):
                return Listed(listed, self._cursor(Position(*bound), streams))
            if next_one := next((stream for stream in coming if stream.at == bound), None):
                self._take(next_one)
                await next_one.advance()
            else:
                await self._open()

    def _kinds(self) -> Sequence[CallKind | None]:
        return _KINDS if self._which.kind is None and not self._by_start else (self._which.kind,)

    def _is_enough(self, bound: tuple[int, str]) -> bool:
        """Return whether as much was looked at as may be for a page, and the list has come forward."""
        is_forward = self._after is None or bound > self._after[:2]
        return is_forward and (self._runs >= _MOST_RUNS or self._pages >= _MOST_PAGES)

    def _cursor(self, after: Position, streams: Sequence[_Stream]) -> str:
        if not self._by_start:
            return write_list_cursor(ListCursor(after, None, None), self._sort)
        # The calls of a run are between its newest and its oldest: runs that are past are not looked at again.
        left = [at[0] for at, oldest in self._left if oldest >= after.place]
        left += [stream.at[0] for stream in streams if stream.at is not None]
        return write_list_cursor(ListCursor(after, min(left, default=after.place), self._began), self._sort)

    def _stream(self, kind: CallKind | None, few: list[Row] | None) -> _Stream:
        by = "newest_call" if self._by_start else f"{self._order}_{kind}"
        if few is not None:
            having = sorted((run for run in few if run.get(by) is not None), key=lambda run: (run[by], run["id"]))
            return _Stream(_each(having), by, kind)
        return _Stream(self._by_index(by), by, kind)

    async def _by_index(self, by: str) -> AsyncIterator[Row]:
        """Yield runs in the order of a field; of those that the cursor says are past, the ones that changed since."""
        if self._first is None or self._began is None:
            ranges = [(INT64_MIN, INT64_MAX)]
        else:
            ranges = [(INT64_MIN, min(self._began, self._first)), (self._first, INT64_MAX)]
        if self._by_start and self._which.since is not None:
            oldest = cbor.int64(-self._which.since)
            ranges = [(begin, min(end, oldest + 1)) for begin, end in ranges]
        for begin, end in ranges:
            async for run in self._between(by, begin, end):
                yield run

    async def _between(self, by: str, begin: int, end: int) -> AsyncIterator[Row]:
        fields = self._fields if by in _FIELDS else f"{self._fields}, {by}"
        after = Cursor(begin, "")
        while True:
            piece = await page(
                self._database, rows.RUN, [Branch({"has_calls": True})], _RUNS, cursor=after, by=by, fields=fields
            )
            for run in piece:
                if run[by] >= end:
                    return
                yield run
            if len(piece) < _RUNS:
                return
            after = Cursor(piece[-1][by], piece[-1]["id"])

    async def _few(self) -> list[Row] | None:
        """Return the only runs that may have such calls, where a filter leaves but a few."""
        which = self._which
        if which.trace_id is not None:
            return await self._runs_of([which.trace_id])
        if which.session_id is not None:
            parts = await page(
                self._database,
                rows.SESSION_RUN,
                [Branch({"session_id": which.session_id})],
                _FEW + 1,
                fields="id, newest_start, trace_id",
            )
            return await self._runs_of([part["trace_id"] for part in parts]) if len(parts) <= _FEW else None
        lists = {"agents": which.agent_id, "models": None, "tool_names": None}
        if which.kind in {"model", "tool"}:  # of these an index has the names
            lists[_NAMES[which.kind]] = which.name
        for field, name in lists.items():
            if name is not None:
                runs = await page(
                    self._database, rows.RUN, [Branch({field: Contains(name)})], _FEW + 1, fields="id, newest_start"
                )
                if len(runs) <= _FEW:
                    return await self._runs_of([run["id"] for run in runs])
        if which.project is not None:
            branch = Branch({"project": which.project})
            traces = await page(self._database, rows.TRACE, [branch], _FEW + 1, fields="id, newest_start")
            if len(traces) <= _FEW:
                return await self._runs_of([trace["id"] for trace in traces])
        return None

    async def _runs_of(self, trace_ids: Sequence[str]) -> list[Row]:
        orders = ", ".join(f"{order}_{kind}" for order in ("most_tokens", "dearest") for kind in _KINDS)
        return await records(self._database, rows.RUN, trace_ids, f"{self._fields}, {orders}")

    def _take(self, stream: _Stream) -> None:
        """Take the next run of a stream: its pages may be opened."""
        run, at = stream.next, stream.at
        assert run is not None  # noqa: S101 - for mypy
        assert at is not None  # noqa: S101 - for mypy
        self._runs += 1
        starts = run["call_pages"]
        self._left.append((at, cbor.int64(-starts[0])))
        if not self._may_have(run, stream.kind):
            return
        for number, (start, end) in enumerate(itertools.zip_longest(starts, starts[1:])):
            if self._may_be_in(start, end):
                newest = at[0] if end is None or not self._by_start else max(at[0], cbor.int64(-end))
                heapq.heappush(self._openings, _Opening(newest, run["id"], number, stream.kind))

    def _may_have(self, run: Row, kind: CallKind | None) -> bool:
        """Return whether a run may have such a call."""
        which = self._which
        kinds = _KINDS if kind is None else (kind,)
        if all(run.get(f"longest_{each}") is None for each in kinds):
            return False
        if which.status == "error" and not run["failed_calls"]:
            return False
        if which.project is not None and run.get("project") != which.project:
            return False
        if which.session_id is not None and which.session_id not in run["sessions"]:
            return False
        if which.agent_id is not None and not _lists(run, ["agents"], which.agent_id):
            return False
        return which.name is None or _lists(run, [_NAMES[each] for each in kinds], which.name)

    def _may_be_in(self, start: int, end: int | None) -> bool:
        """Return whether a page may have such calls that follow the cursor: it begins and ends with these moments."""
        which, after = self._which, self._after
        if which.until is not None and start >= which.until:
            return False
        if which.since is not None and end is not None and end < which.since:
            return False
        return not self._by_start or after is None or cbor.int64(-start) >= after.place

    async def _open(self) -> None:
        """Open the pages that come first."""
        opened = [heapq.heappop(self._openings) for _ in range(min(_OPENED, len(self._openings)))]
        self._pages += len(opened)
        kinds: dict[Place, set[CallKind | None]] = {}
        for opening in opened:
            kinds.setdefault((opening.trace_id, opening.number), set()).add(opening.kind)
        for place, calls_of_page in await pages_of(self._database, kinds):
            for row in calls_of_page:
                if (None in kinds[place] or row["kind"] in kinds[place]) and self._fits(row):
                    heapq.heappush(self._found, (_position(row, self._order), row))

    def _fits(self, row: Row) -> bool:
        which = self._which
        equal = which.equal()
        equal.pop("project", None)  # its run has it
        return (
            all(row.get(field) == value for field, value in equal.items())
            and (which.since is None or row["start_time"] >= which.since)
            and (which.until is None or row["start_time"] < which.until)
            and (which.min_duration_ns is None or row["duration_ns"] >= which.min_duration_ns)
            and (not which.filter or matches(which.filter, _facts(row)))
            and (self._after is None or _position(row, self._order) > self._after)
        )


async def _each(runs: Sequence[Row]) -> AsyncIterator[Row]:
    for run in runs:
        yield run


def _position(row: Row, order: str) -> Position:
    return Position(row[order], row["trace_id"], row["id"])


def _lists(run: Row, fields: Sequence[str], name: str) -> bool:
    """Return whether one of these lists of names has this one, or may have lost it."""
    lists: Iterator[list[Any]] = (run.get(field, []) for field in fields)
    return any(name in names or len(names) >= _MOST_NAMES for names in lists)
