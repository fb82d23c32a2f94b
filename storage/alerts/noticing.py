"""Finds what webhooks are to be told, and writes it down, each once.

Runs come by `alert_queue`, into which the interpreter puts those that failed or hold a failure, in the transaction that
writes what they came to. What was spent and how much fails is read from the counts by time. An alert's id follows from
what it is about, so that nothing is told again that is sent again, interpreted again, or looked at by two receivers.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from mapping.calls.figures import HOUR, OTHERS, Figures, error_group, unpacked
from mapping.times import NS
from storage.alerts.model import OF_RUNS, Kind, Rules
from storage.read.figures import Span, by_name, figures_in
from storage.read.overview import known_errors
from storage.surreal import cbor, rows
from storage.surreal.database import Database

# Runs that are looked at, at a time, which takes the engine some 10 ms, and new errors of one that are told.
_RUNS, _ERRORS = 50, 20
# Until a run is looked at again that goes on.
_GOES_ON = 30 * NS
# Characters of a name or a line that are told: senders choose them.
_LENGTH = 500
# Hours for which it is kept which errors there were before.
_KNOWN_HOURS = 24

_READ = """
SELECT id, name, due FROM alert_queue WHERE waits = true AND due <= $now ORDER BY due LIMIT $limit
"""
_LOOK = """
SELECT id, status, name, service, project, session_id FROM $traces;
SELECT id, agent_id, sessions, first_error, figures, is_run, newest_start FROM $runs;
"""
# A record that was written again meanwhile has another name, and stays.
_NOTE = """
BEGIN;
INSERT IGNORE INTO alert $alerts RETURN NONE;
FOR $one IN $done { DELETE $one.id WHERE name = $one.name RETURN NONE };
FOR $one IN $later { UPDATE $one.id SET due = $due WHERE name = $one.name RETURN NONE };
COMMIT;
"""


class Alert(NamedTuple):
    """What is to be told: to which webhook, of which kind, and about what, of which nothing is told again."""

    webhook: str
    kind: Kind
    about: str

    @property
    def id(self) -> str:
        return hashlib.blake2b(msgspec.msgpack.encode(self), digest_size=16).hexdigest()

    def row(self, now: int, text: str, **fields: Any) -> dict[str, Any]:
        """Return its row, made `now` (nanoseconds); fields that are None are left out."""
        return {
            "id": cbor.record(rows.ALERT, self.id),
            "listed": True,
            "newest": cbor.int64(-now),
            "kind": self.kind,
            "webhook": self.webhook,
            "text": text,
            "state": "waiting",
            "attempts": 0,
            "next_at": cbor.int64(now),
            "message": self.id,
            **{field: value for field, value in fields.items() if value is not None},
        }


class Noticing:
    """Takes note of what there is to tell, where `look` is called. Moments are nanoseconds."""

    def __init__(self, database: Database, rules: Sequence[Rules]) -> None:
        self._database = database
        self._rules = rules
        self._known: dict[int, set[tuple[str, ...]]] = {}
        # Thresholds that were told, of the spans that are looked at.
        self._reached: set[str] = set()

    async def look(self, now: int) -> bool:
        """Write down what there is to tell. Returns whether there may be more. Raises what the store raises."""
        await self._look_at_sums(now)
        return any(rule.on & OF_RUNS for rule in self._rules) and await self._look_at_runs(now)

    async def _look_at_runs(self, now: int) -> bool:
        (queued,) = await self._database.query(_READ, now=cbor.int64(now), limit=_RUNS)
        if not queued:
            return False
        trace_ids = [row["id"] for row in queued]
        traces, runs = (
            {row["id"]: row for row in found}
            for found in await self._database.query(
                _LOOK,
                traces=[cbor.record(rows.TRACE, trace_id) for trace_id in trace_ids],
                runs=[cbor.record(rows.RUN, trace_id) for trace_id in trace_ids],
            )
        )
        alerts, later = [], []
        for row in queued:
            trace, run = traces.get(row["id"]), runs.get(row["id"])
            if trace is None or run is None or not run["is_run"]:
                continue  # deleted, or nothing that lists show
            if trace["status"] == "running" and self._tells("new_error"):
                later.append(row)  # what went wrong may still be told in other words
                continue
            alerts += [alert async for alert in self._of_run(trace, run, now)]
        await self._database.query(
            _NOTE,
            alerts=alerts,
            done=[_record(row) for row in queued if row not in later],
            later=[_record(row) for row in later],
            due=cbor.int64(now + _GOES_ON),
        )
        return len(queued) == _RUNS

    def _tells(self, kind: Kind) -> list[Rules]:
        return [rule for rule in self._rules if kind in rule.on]

    async def _of_run(self, trace: dict[str, Any], run: dict[str, Any], now: int) -> AsyncIterator[dict[str, Any]]:
        whose = {
            "trace_id": trace["id"],
            "session_id": _short(trace.get("session_id") or next(iter(run["sessions"]), None)),
            "agent_id": _short(run.get("agent_id")),
            "service": _short(trace.get("service")),
            "project": trace.get("project"),
            "name": _cut(trace.get("name")),
        }
        if trace["status"] == "failed":
            named = _cut(trace.get("name") or run.get("agent_id")) or trace["id"]
            error = _cut(run.get("first_error"))
            for rule in self._tells("failed_run"):
                text = f"Run failed: {named}" + (f": {error}" if error else "")
                yield Alert(rule.webhook, "failed_run", trace["id"]).row(now, text, **whose, error=error)
        if telling := self._tells("new_error"):
            for where, line in await self._new_errors(telling, run):
                for rule in telling:
                    alert = Alert(rule.webhook, "new_error", f"{where}\n{line}")
                    text = f"New error in {_cut(where)}: {_cut(line)}"
                    yield alert.row(now, text, **whose, where=_cut(where), error=_cut(line))

    async def _new_errors(self, telling: Sequence[Rules], run: dict[str, Any]) -> list[tuple[str, str]]:
        """Return the kinds of failures of a run that there were not before the hour in which it began."""
        groups = dict.fromkeys(_groups(run["figures"]))
        if not groups:
            return []
        (told,) = await self._database.query(
            "SELECT VALUE id FROM $alerts",
            alerts=[
                cbor.record(rows.ALERT, Alert(rule.webhook, "new_error", "\n".join(group)).id)
                for group in groups
                for rule in telling
            ],
        )
        if len(told) == len(groups) * len(telling):
            return []
        hour = -run["newest_start"] // HOUR
        if hour not in self._known:
            self._known[hour] = await known_errors(self._database, hour) or set()
            while len(self._known) > _KNOWN_HOURS:
                del self._known[next(iter(self._known))]
        return [group for group in groups if group not in self._known[hour]][:_ERRORS]

    async def _look_at_sums(self, now: int) -> None:
        """Look at this span of time, and for an hour also at the one before: runs end later than they begin."""
        sums: dict[Span, Figures] = {}
        alerts: list[dict[str, Any]] = []
        reached = set()
        for rule in self._rules:
            if not rule.on - OF_RUNS:
                continue
            hour = now // HOUR
            for moment in dict.fromkeys((hour // rule.span, (hour - 1) // rule.span)):
                span = Span(moment * rule.span, (moment + 1) * rule.span)
                if span not in sums:
                    found = await figures_in(self._database, span, {"run": None})
                    sums[span] = by_name(found.counted["run"]).get("", Figures(durations={}))
                for alert, text in _reached(rule, span, sums[span]):
                    reached.add(alert.id)
                    if alert.id not in self._reached:
                        since, until = (cbor.int64(at * HOUR) for at in span)
                        alerts.append(alert.row(now, text, since=since, until=until))
        if alerts:
            await self._database.query("INSERT IGNORE INTO alert $alerts RETURN NONE", alerts=alerts)
        self._reached = reached


def _reached(rule: Rules, span: Span, sums: Figures) -> Iterator[tuple[Alert, str]]:
    about = f"{span.first} {span.end}"
    when = f"from {_written(span.first)} to {_written(span.end)} UTC"
    if "cost" in rule.on and sums.cost >= rule.cost:
        places = max(len(f"{rule.cost % NS:09}".rstrip("0")), 2)  # as many as the rule's own cost has
        yield (
            Alert(rule.webhook, "cost", about),
            f"Runs that began {when} cost ${sums.cost / NS:,.{places}f}: ${rule.cost / NS:,.{places}f} is reached",
        )
    if "failure_rate" in rule.on and sums.count >= rule.min_runs and sums.failed >= rule.failure_rate * sums.count:
        yield (
            Alert(rule.webhook, "failure_rate", about),
            f"{sums.failed:,} of {sums.count:,} runs that began {when} failed: {100 * rule.failure_rate:g}% is reached",
        )


def _groups(figures: bytes) -> Iterator[tuple[str, str]]:
    for counted in unpacked(figures):
        if counted.by == "error" and counted.name != OTHERS and not counted.project:
            yield error_group(counted.name)[:2]


def _record(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": cbor.record(rows.ALERT_QUEUE, row["id"]), "name": row["name"]}


def _cut(text: str | None) -> str | None:
    """Return a text on one line, without what is not seen or changes how others are."""
    if text is None:
        return None
    return "".join(character if character.isprintable() else " " for character in text[:_LENGTH])


def _short(name: str | None) -> str | None:
    """Return an id as it is, because it is looked up by; a very long one is left out."""
    return None if name is None or len(name) > _LENGTH else name


def _written(hour: int) -> str:
    return datetime.fromtimestamp(hour * 3600, UTC).strftime("%Y-%m-%d %H:%M")
