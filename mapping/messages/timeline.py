"""A trace's events as one conversation: each message once, in the order in which things were said.

Every call of a model repeats the conversation so far, frameworks repeat what their models said, and a tool's result
stands in its own event and in the next call. So what is said is counted (`deduplication.py`), and shown where it is
said for the first time. A call speaks when it begins (what was sent) and when it ends (the answer, or what went wrong);
a tool likewise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mapping.messages.deduplication import Heard, Unit
from mapping.messages.display import Message, Part
from mapping.messages.event_messages import Said

# An event without what it says: `id`, `timestamp`, `span_id`, ... as they are stored.
Row = Mapping[str, Any]
# A turn: `{event_id, timestamp, status, role, parts, name?, agent_id?}`.
Turn = dict[str, Any]

# The maximum number of ancestors, since the parents of spans may be circular.
_GENERATIONS = 64
_CALLS = ("model_call", "tool_call")


class Told(NamedTuple):
    """An event, and what it says."""

    row: Row
    said: Said


def turns_of(told: Sequence[Told], rows: Iterable[Row], agent_id: str | None) -> list[Turn]:
    """Return the turns of events, which come in the order of time.

    `rows` are all events of the trace, to find the agent's span above a call. `agent_id` is the trace's.
    """
    return _Conversation(told, rows, agent_id).turns()


class _Conversation:
    def __init__(self, told: Sequence[Told], rows: Iterable[Row], agent_id: str | None) -> None:
        self._spans = {row["span_id"]: row for row in rows if row.get("span_id")}
        self._agent_id = agent_id
        self._heard = Heard()
        self._turns: list[Turn] = []
        self._errors: list[str] = []
        self._told, self._notes = _with_notes(told, self._spans)
        self._repeating = self._nested()

    def turns(self) -> list[Turn]:
        moments: list[tuple[int, int, int, Told]] = []
        for number, told in enumerate(self._told):
            begins = told.row["timestamp"]
            ends = begins + (told.row.get("duration_ns") or 0)
            moments.append((begins, 1, 2 * number, told))
            # An end comes before a start at the same moment.
            moments.append((ends, int(ends == begins), 2 * number + 1, told))
        for at, _, number, told in sorted(moments, key=lambda moment: moment[:3]):
            if told.said.tool is not None:
                self._tool(told, told.said.tool, at, ended=bool(number % 2))
            elif number % 2:
                self._ended(told, at)
            else:
                self._began(told, at)
        return self._turns

    def _began(self, told: Told, at: int) -> None:
        if told.said.is_statement:
            return
        notes = self._notes.get(told.row["id"], [])
        for row, said in (told, *notes):
            if said.system and self._heard.system(said.system):
                self._add(row, at, "system", said.system)
        # The notes of a call are its messages, each a separate event.
        sent = [(told.row, message) for message in told.said.sent]
        for note in notes:
            history = [*note.said.sent, *([] if _is_answer(note.row) else note.said.answered)]
            sent += [(note.row, message) for message in history]
        for (row, message), units in zip(sent, self._heard.sent([message for _, message in sent]), strict=True):
            self._say(row, at, message, units)

    def _ended(self, told: Told, at: int) -> None:
        said, row = told.said, told.row
        if said.is_statement:
            if said.system and self._heard.system(said.system):
                self._add(row, at, "system", said.system)
            for message in (*said.sent, *said.answered):
                self._say(row, at, message, self._heard.stated(message))
        else:
            answers = [(row, message) for message in said.answered]
            for note in self._notes.get(row["id"], []):
                answers += [(note.row, message) for message in note.said.answered if _is_answer(note.row)]
            for source, message in answers:
                again = row["id"] in self._repeating
                self._say(source, at, message, self._heard.answered(message, again=again))
        if row["status"] == "error":
            self._failed(row, said.error, at)

    def _tool(self, told: Told, tool: dict[str, Any], at: int, *, ended: bool) -> None:
        row = told.row
        call_id, name = told.said.call_id, tool["name"]
        if not ended:
            call = _present(type="tool_call", id=call_id, name=name, arguments=tool["arguments"])
            if self._heard.called(row["id"], call):
                self._add(row, at, "assistant", [call])
            return
        failed = row["status"] == "error"
        said = tool["result"] not in (None, "")
        error = told.said.error or (None if said else f"{name or 'the tool'} failed") if failed else None
        result = tool["result"] if said else error
        if result is None:
            return
        call_id = self._heard.call_id(row["id"]) or call_id
        part = _present(type="tool_result", id=call_id, name=name, result=result, failed=True if failed else None)
        parts = [part] if self._heard.returned(part) else []
        if error is not None:
            self._errors.append(error)
            if error not in str(result):
                parts.append({"type": "text", "text": error})
        if parts:
            self._add(row, at, "tool", parts, name, failed=failed)

    def _failed(self, row: Row, error: str | None, at: int) -> None:
        """Add the error, unless it was shown already: each span that an error passes through reports it again."""
        if row.get("event_type") not in _CALLS:
            if error is None and self._errors:
                return
            if error is not None and any(error in known or known in error for known in self._errors):
                return
        text = error or f"{row.get('name') or row.get('event_type') or row['kind']} failed"
        self._errors.append(text)
        self._add(row, at, "error", [{"type": "text", "text": text}], row.get("name"), failed=True)

    def _say(self, row: Row, at: int, message: Message, units: Iterable[Unit]) -> None:
        new = [part for unit in units for part in unit.parts]
        if new:
            self._add(row, at, message["role"], new)

    def _add(
        self, row: Row, at: int, role: str, parts: list[Part], name: str | None = None, *, failed: bool = False
    ) -> None:
        turn: Turn = {
            "event_id": row["id"],
            "timestamp": at,
            # The messages sent to a failed call have not failed themselves.
            "status": "error" if failed else "unset" if row["status"] == "error" else row["status"],
            "role": role,
            "parts": parts,
        }
        self._turns.append(turn | _present(name=name, agent_id=self._agent_of(row)))

    def _agent_of(self, row: Row) -> str | None:
        named: Iterator[str] = (one["agent_id"] for one in (row, *self._above(row)) if one.get("agent_id"))
        return next(named, self._agent_id)

    def _above(self, row: Row) -> Iterator[Row]:
        for _ in range(_GENERATIONS):
            above = self._spans.get(row.get("parent_span_id") or "")
            if above is None:
                return
            yield above
            row = above

    def _nested(self) -> set[str]:
        """Return the ids of calls inside another call or around one: the outer call repeats what the inner one said."""
        calls = {told.row["id"] for told in self._told if told.said.answered or told.row["id"] in self._notes}
        nested: set[str] = set()
        for told in self._told:
            if told.row["id"] in calls and told.said.tool is None:
                above = [row["id"] for row in self._above(told.row) if row["id"] in calls]
                nested.update([told.row["id"], *above] if above else [])
        return nested


def _with_notes(told: Sequence[Told], spans: Mapping[str, Row]) -> tuple[list[Told], dict[str, list[Told]]]:
    """Separate the notes from the events, and return both; the notes by the id of the event they belong to.

    Notes are the messages that a call's span has as span events, and exceptions raised in a failed span.
    """
    by_id = {one.row["id"]: one for one in told}
    notes: dict[str, list[Told]] = {}
    kept: dict[str, Told] = {}
    for one in told:
        above = spans.get(one.row.get("parent_span_id") or "")
        if above is None or above["id"] == one.row["id"] or not _is_note(one, above):
            kept[one.row["id"]] = one
            continue
        holder = by_id.get(above["id"]) or Told(above, Said([], [], []))
        if one.row["status"] == "error":
            # The exception says more than the span's status.
            holder = holder._replace(said=holder.said._replace(error=one.said.error or holder.said.error))
        elif holder.said.tool is not None:
            holder = holder._replace(said=_told_by(holder.said, holder.said.tool, one))
        else:
            notes.setdefault(above["id"], []).append(one)
        by_id[above["id"]] = kept[above["id"]] = holder
    ordered = sorted((by_id[one] for one in kept), key=lambda one: (one.row["timestamp"], -one.row["newest"]))
    return ordered, notes


def _is_note(one: Told, above: Row) -> bool:
    if one.row["status"] == "error":
        return bool(one.row["kind"] == "span_event" and above["status"] == "error")
    return one.row.get("event_type") == "message" and str(one.row.get("name") or "").startswith("gen_ai.")


def _is_answer(row: Row) -> bool:
    return not str(row.get("name")).endswith(".message")


def _told_by(said: Said, tool: dict[str, Any], note: Told) -> Said:
    """Return the tool's content with the arguments and the result that were recorded as events of its span."""
    asked = str(note.row.get("name")).endswith("tool.message")
    for message in (*note.said.sent, *note.said.answered):
        for part in message["parts"]:
            is_call = part["type"] == "tool_call" or asked
            field = "arguments" if is_call else "result"
            value = part.get("arguments") if part["type"] == "tool_call" else part.get("result", part.get("text"))
            if tool[field] is None:
                tool = tool | {field: value}
    return said._replace(tool=tool)


def _present(**fields: Any) -> dict[str, Any]:
    return {field: value for field, value in fields.items() if value is not None}
