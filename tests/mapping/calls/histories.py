"""Histories: what agents did, and who told of it, for properties of the interpretation."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from hypothesis import strategies as st

from mapping.calls.model import Failure, Telling, Tokens

SECOND = 10**9


@dataclass
class History:
    """What happened: tellings, and beside them the truth."""

    tellings: list[Telling] = field(default_factory=list)
    models: int = 0
    tools: int = 0
    failures: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    # A further teller for each call, which tells nothing new.
    redundant: list[Telling] = field(default_factory=list)


def telling(**fields):
    defaults = {"signal": "span", "trace_id": "t", "session_id": "s", "service": "svc", "scope": "sdk"}
    return Telling(**{**defaults, **fields})


@st.composite
def histories(draw):
    """Draw an agent's run: models and tools in turn, each told by a span, a log, or several of both."""
    history = History()
    agent = telling(id="agent", kind="agent", span_id="agent", start=0, end=1000 * SECOND, name="clerk", agent="clerk")
    history.tellings.append(agent)
    at = SECOND
    for number in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["model", "tool"]))
        start, end = at, at + SECOND
        at += 10 * SECOND
        failed = draw(st.booleans())
        failure = Failure("ValueError", f"number {number}") if failed else None
        common = {"kind": kind, "start": start, "end": end, "failed": failed, "failure": failure}
        if kind == "model":
            history.models += 1
            tokens = Tokens(input=100 + number, output=10 + number)
            history.input_tokens += 100 + number
            history.output_tokens += 10 + number
            common |= {"name": "m-1", "tokens": tokens, "response_id": f"r{number}"}
        else:
            history.tools += 1
            common |= {"name": "look", "call_id": f"c{number}", "arguments": {"n": number}}
        history.failures += failed
        wrapped = draw(st.booleans())
        parent = "agent"
        if wrapped:
            parent = f"w{number}"
            history.tellings.append(
                telling(id=f"w{number}", kind="none", span_id=parent, parent_span_id="agent", start=start, end=end)
            )
        tellers = draw(st.sets(st.sampled_from(["span", "nested", "sibling", "log", "loose"]), min_size=1))
        if not tellers & {"span", "log", "loose"}:
            tellers.add("span")
        if "span" not in tellers:
            tellers -= {"nested", "sibling", "log"}
            tellers.add("loose")
        span = telling(id=f"s{number}", span_id=f"s{number}", parent_span_id=parent, **common)
        nested = telling(id=f"n{number}", span_id=f"n{number}", parent_span_id=f"s{number}", scope="http", **common)
        sibling = telling(id=f"b{number}", span_id=f"b{number}", parent_span_id=parent, scope="other", **common)
        log = telling(
            id=f"l{number}",
            signal="log",
            parent_span_id=f"s{number}",
            event_name="api_response",
            **common | {"start": end, "end": end},
        )
        loose = telling(id=f"o{number}", signal="log", event_name="sse", **common | {"start": end, "end": end})
        every = {"span": span, "nested": nested, "sibling": sibling, "log": log, "loose": loose}
        history.tellings += [every[name] for name in sorted(tellers)]
        if "span" in tellers:
            twin = telling(
                id=f"t{number}",
                span_id=f"t{number}",
                parent_span_id="twin",
                scope="twin",
                **common | {"response_id": None, "call_id": None},
            )
            history.redundant += [twin, *(every[name] for name in sorted(set(every) - tellers))]
    # Another instrumentation of the same program tells of it in a tree of its own, and knows no ids.
    history.redundant.append(msgspec.structs.replace(agent, id="twin", span_id="twin", scope="twin"))
    return history
