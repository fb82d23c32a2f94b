"""One call out of those who tell of it: all that any of them tells, each field from the one that knows it best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from mapping.calls.answers import one_answer
from mapping.calls.faults import same
from mapping.calls.model import Call, Failure, Message, Telling, Tokens
from mapping.calls.spans import SpanTree

_SIGNALS = {"span": 0, "json": 1, "log": 2, "span_event": 3}
# What went wrong is said best by whoever met it: a record of it, then the deepest span. What was merely logged in
# between may be about something else.
_FAILURE_SIGNALS = {"log": 0, "json": 0, "span_event": 1, "span": 3}
_REMARK = 2


def call_of(tellers: Sequence[Telling], notes: Sequence[Telling], tree: SpanTree, rules: dict[str, str]) -> Call:
    """Build a call. `tellers` tell of it, `notes` are events of their spans: messages, failures, results."""
    outermost = min(tellers, key=lambda telling: (_SIGNALS[telling.signal], telling.start, -telling.end, telling.id))
    ranked = sorted(
        tellers,
        key=lambda telling: (
            _SIGNALS[telling.signal],
            telling.trace_id != outermost.trace_id,
            tree.depth(telling),
            telling.start,
            telling.id,
        ),
    )
    first = ranked[0]
    given: dict[str, str] = {}

    def take(field: str, among: Iterable[Telling] = ranked, known: Callable[[Any], bool] = _is_known) -> Any:
        for telling in among:
            if known(value := getattr(telling, field)):
                given[field] = telling.id
                return value
        return getattr(first, field)

    timed = [telling for telling in ranked if telling.signal == "span"] or ranked
    every = [*ranked, *notes]
    waits = any(telling.waits for telling in every)
    failed = not waits and any(telling.failed for telling in every)
    deepest = sorted(ranked, key=lambda telling: (-tree.depth(telling), _SIGNALS[telling.signal], telling.id))
    call = Call(
        id=first.id,
        kind=first.kind,  # type: ignore[arg-type] # tellers of a call are of one of its kinds
        name=take("name", deepest if first.kind == "model" else ranked),
        told_by=[telling.id for telling in (*ranked, *sorted(notes, key=_moment))],
        trace_id=first.trace_id,
        start=min(telling.start for telling in timed),
        end=max(telling.end for telling in timed),
        agent=take("agent"),
        session_id=take("session_id"),
        provider=take("provider", deepest),
        status="error" if failed else "ok" if first.status_ok else "unset",
        waits=waits,
        failure=_failure(every, tree, given) if failed else _asked(every) if waits else None,
        tokens=_tokens(ranked, given),
        partial=all(telling.partial for telling in ranked),
        cost=max((telling.cost for telling in ranked if telling.cost is not None), default=None),
        tool_call_id=take("call_id"),
        response_id=take("response_id"),
        arguments=take("arguments", [*ranked, *notes]),
        result=take("result", [*ranked, *notes]),
        emitters=sorted({telling.emitter for telling in ranked if telling.emitter is not None}),
        joined_by={telling.id: rules[telling.id] for telling in ranked[1:] if telling.id in rules}
        | {note.id: "same span" for note in notes},
        given_by=given,
    )
    if "call_id" in given:
        given["tool_call_id"] = given.pop("call_id")  # as the call's field is called
    if call.kind == "model" and call.name is None:  # a step of a loop that names the model
        call.name = next((span.name for span in tree.above(first) if span.kind == "model" and span.name), None)
    if call.cost is not None:
        call.cost_from = "given"
    _add_messages(call, ranked, notes, given)
    return call


def _is_known(value: Any) -> bool:
    return value is not None


def _moment(telling: Telling) -> tuple[int, int, str]:
    return telling.start, telling.order, telling.id


def _tokens(tellers: Sequence[Telling], given: dict[str, str]) -> Tokens:
    """Take the greatest of each number that is told: a sum of pieces is the latest of them."""
    best: dict[str, int] = {}
    for telling in tellers:
        if telling.tokens is None:
            continue
        for field in Tokens.__struct_fields__:
            number = getattr(telling.tokens, field)
            if number is not None and number > best.get(field, -1):
                best[field] = number
                given[f"{field}_tokens"] = telling.id
    return Tokens(**best)


def _failure(tellers: Sequence[Telling], tree: SpanTree, given: dict[str, str]) -> Failure | None:
    failures = [(telling, telling.failure) for telling in tellers if telling.failed and telling.failure is not None]
    if not failures:
        return None

    def rank(told: tuple[Telling, Failure]) -> tuple[bool, int, int, int, str]:
        telling, failure = told
        is_remark = telling.kind == "error" and telling.signal == "log" and failure.type is None
        signal = _REMARK if is_remark else _FAILURE_SIGNALS[telling.signal]
        return failure.message is None, signal, -tree.depth(telling), telling.start, telling.id

    teller, best = min(failures, key=rank)
    given["failure"] = teller.id
    kind = best.type or next((failure.type for _, failure in failures if failure.type and same(best, failure)), None)
    details = [failure.detail for _, failure in failures]
    return Failure(kind, best.message, max(details, key=lambda detail: (len(detail), detail)))


def _asked(tellers: Iterable[Telling]) -> Failure | None:
    """Return what a person is asked."""
    told = (telling.failure for telling in tellers if telling.waits and telling.failure is not None)
    return min(told, key=lambda failure: failure.message is None, default=None)


def _add_messages(call: Call, tellers: Sequence[Telling], notes: Sequence[Telling], given: dict[str, str]) -> None:
    """Add what was sent and answered: from the teller that says most of it, else from message events."""
    for field in ("system", "sent", "answered"):
        said = [telling for telling in tellers if getattr(telling, field)]
        if said:
            best = min(said, key=lambda telling: (-_size(getattr(telling, field)), tellers.index(telling)))
            setattr(call, field, getattr(best, field))
            given[field] = best.id
            if field == "answered":
                call.answered = _whole_answer(best, said)
    spoken = sorted((note for note in notes if note.kind == "statement"), key=_moment)
    if not call.system:
        call.system = [part for note in spoken for part in note.system]
    if not call.sent:
        call.sent = [message for note in spoken for message in (*note.sent, *_history(note))]
    if not call.answered:
        call.answered = [message for note in spoken if not _is_history(note) for message in note.answered]


def _whole_answer(best: Telling, said: Sequence[Telling]) -> list[Message]:
    """Return an answer that a stream's records tell in pieces: they have one name."""
    if best.signal not in ("log", "json"):
        return best.answered
    of_name = [telling for telling in said if telling.signal == best.signal and telling.event_name == best.event_name]
    pieces = [telling.answered for telling in sorted(of_name, key=lambda telling: (telling.end, *_moment(telling)))]
    if all(piece == best.answered for piece in pieces):
        return best.answered
    return one_answer([message for piece in pieces for message in piece], several=False)


def _history(note: Telling) -> list[Message]:
    return note.answered if _is_history(note) else []


def _is_history(note: Telling) -> bool:
    """Return whether a message of the model was sent back to it: `gen_ai.assistant.message`, and not its choice."""
    return bool(note.event_name) and str(note.event_name).endswith(".message")


def _size(messages: Sequence[Any]) -> int:
    """Count messages and their parts."""
    return sum(1 + len(message.get("parts", ())) for message in messages)
