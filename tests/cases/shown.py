"""What the receiver shows of a case, clause by clause: each reads one thing through the API, as a person would see it.

A case may be in several traces (a log without a trace id that came first is in one of its own): sums are over all of
them, conversations follow each other.
"""

import json
from collections import Counter
from collections.abc import Callable
from functools import cached_property
from typing import Any

from tests.cases.program import Told


class Shown:
    """`clause(name, expected)` gives what is shown where `expected` is right; some clauses look only for what is."""

    def __init__(self, told: Told, sessions: tuple[str, ...]) -> None:
        self._told, self._sessions = told, sessions

    @cached_property
    def traces(self) -> list[Any]:
        listed = {trace["id"]: trace for one in self._sessions for trace in self._listed(session_id=one)}
        named = {one: self._told.get(f"/traces/{one}", limit=1) for one in self._told.trace_ids if one not in listed}
        return sorted((listed | named).values(), key=lambda trace: trace["start_time"])

    def _listed(self, **filters: str) -> list[Any]:
        return self._told.pages("/traces", "traces", **filters)

    @cached_property
    def events(self) -> list[Any]:
        pages = [self._told.pages(f"/traces/{trace['id']}", "events") for trace in self.traces]
        return [event for page in pages for event in page]

    @cached_property
    def calls(self) -> list[Any]:
        """Its calls in the order of their start, with all that is known of each."""
        listed = [call for trace in self.traces for call in self._told.pages("/calls", "calls", trace=trace["id"])]
        told = [self._told.get(f"/calls/{call['id']}") for call in listed]
        return sorted(told, key=lambda call: (call["start_time"], call["kind"], call["id"]))

    @cached_property
    def turns(self) -> list[Any]:
        told = [self._told.get(f"/traces/{trace['id']}/conversation") for trace in self.traces]
        return [turn for one in told for turn in one["turns"]]

    def clause(self, name: str, right: Any) -> Any:
        return CLAUSES[name](self, right)

    # Sums.

    def tokens(self, _: str) -> Any:
        """Give input/output, which the page of the only session says as well."""
        said = {_sums(self.traces)}
        if len(self._sessions) == 1:
            said.add(_sums([self._told.get(f"/sessions/{self._sessions[0]}")]))
        return said.pop() if len(said) == 1 else said

    def sum_of(self, field: str) -> Any:
        return round(sum(trace[field] or 0 for trace in self.traces), 9)

    def sessions(self, right: dict[str, str]) -> dict[str, Any]:
        """Give the sums of each session, which its page says, and the calls found by it."""
        told = {}
        for session in right:
            calls = self._told.pages("/calls", "calls", session=session)
            said = {_sums([self._told.get(f"/sessions/{session}")]), _sums(calls)}
            told[session] = said.pop() if len(said) == 1 else said
        return told

    # Calls.

    def count_of_calls(self, _: dict[str, int]) -> dict[str, int]:
        return dict(Counter(call["kind"] for call in self.calls if call["kind"] != "agent"))

    def agent_calls(self, _: list[str]) -> list[str]:
        return sorted(str(call["name"]) for call in self.calls if call["kind"] == "agent")

    def models(self, _: set[str]) -> set[str]:
        """Give the models' names, which the traces say as well."""
        named = {call["name"] for call in self.calls if call["kind"] == "model"}
        assert {model for trace in self.traces for model in trace["models"]} == named
        return named

    def tools(self, _: list[str]) -> list[str]:
        """Give each call of a tool: `name arguments -> result`, or `failed: ` and the error in its line."""
        return [_tool(call) for call in self.calls if call["kind"] == "tool"]

    def call_ids(self, _: list[str]) -> list[str]:
        return [call["tool_call_id"] for call in self.calls if call["kind"] == "tool"]

    def agents(self, _: dict[str, int]) -> dict[str, int]:
        """Give how many calls of models and tools each agent has, and is asked for by its name."""
        counted = Counter(call["agent_id"] for call in self.calls if call["kind"] != "agent")
        for agent in counted:
            found = [
                call
                for trace in self.traces
                for call in self._told.pages("/calls", "calls", trace=trace["id"], agent_id=agent)
                if call["kind"] != "agent"
            ]
            assert len(found) == counted[agent], (agent, found)
        return dict(counted)

    def named_spans(self, right: dict[str, set[str]]) -> dict[str, set[str]]:
        return {name: {event["agent_id"] for event in self.events if event["name"] == name} for name in right}

    def agent_finds(self, right: dict[str, dict[str, int]]) -> dict[str, Any]:
        """Give how many events of each name are found by an agent's name: in lists, in search; facets count as many."""
        told: dict[str, Any] = {}
        (trace,) = self.traces
        for agent, names in right.items():
            filters = {"trace_id": trace["id"], "agent_id": agent}
            listed = Counter(event["name"] for event in self._told.pages("/events", "events", **filters))
            searched: Counter[str] = Counter()
            for name in names:
                results = self._told.get("/search", q=name, mode="keyword", limit=200, **filters)["results"]
                searched[name] = sum(result["event"]["name"] == name for result in results)
            facets = self._told.get("/facets", trace_id=trace["id"])["facets"]["agent_id"]
            assert {one["value"]: one["count"] for one in facets}[agent] == listed.total()
            assert {name: listed[name] for name in names} == dict(searched)
            assert trace["id"] in [one["id"] for one in self._listed(agent_id=agent)]
            told[agent] = dict(searched)
        return told

    def joined(self, right: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
        """Give by how many events of the calls of each kind the explanation says these words of their rule."""
        rules: dict[str, list[str]] = {kind: [] for kind in right}
        for call in self.calls:
            if call["kind"] in right:
                told_by = self._told.get(f"/calls/{call['id']}/explain")["told_by"]
                assert [teller["event_id"] for teller in told_by] == call["told_by"]
                rules[call["kind"]] += [teller["rule"] for teller in told_by]
        return {kind: {rule: sum(rule in told for told in rules[kind]) for rule in right[kind]} for kind in right}

    # What was said.

    def conversation(self, _: list[str]) -> list[str]:
        return [line for turn in self.turns for line in _lines(turn)]

    def said_by(self, right: dict[str, list[str]]) -> dict[str, list[str]]:
        """Give the roles of the turns that have a text in them."""
        return {
            text: [turn["role"] for turn in self.turns if any(text in line for line in _lines(turn))] for text in right
        }

    def lines(self, right: dict[str, int]) -> dict[str, int]:
        """Give how many turns say a text, and all of them in a line."""
        said = [line for line in self.conversation([]) if "\n" not in line]
        return {text: sum(text in line for line in said) for text in right}

    def said_by_agents(self, _: list[str]) -> list[Any]:
        """Give who said the answers."""
        return [turn["agent_id"] for turn in self.turns if turn["role"] == "assistant" and _is_text(turn)]

    def ids_said(self, kind: str) -> list[Any]:
        return [part.get("id") for turn in self.turns for part in turn["parts"] if part["type"] == kind]

    # Events.

    def types(self, right: dict[str, str]) -> dict[str, Any]:
        """Give the types of the events of each name."""
        told = {name: {event["event_type"] for event in self.events if event["name"] == name} for name in right}
        return {name: types.pop() if len(types) == 1 else types for name, types in told.items()}

    def names(self, _: dict[str, int]) -> dict[str, int]:
        return dict(Counter(event["name"] for event in self.events))

    def bodies(self, _: dict[str, int]) -> dict[str, int]:
        return dict(Counter(event["properties"].get("body") for event in self.events))

    def parents(self, _: dict[str, Any]) -> dict[str, Any]:
        return {event["name"]: event["parent_span_id"] for event in self.events}

    def attributes(self, field: str, right: dict[str, Any]) -> dict[str, Any]:
        told = {event["name"]: event[field] for event in self.events if event["name"] in right}
        return {name: {key: told[name].get(key) for key in attributes} for name, attributes in right.items()}

    def hidden(self, right: dict[str, bool]) -> dict[str, bool]:
        """Say of each text whether it is told anywhere."""
        told = json.dumps([self.traces, self.events, self.calls, self.turns])
        return {text: text in told for text in right}

    def finds(self, right: dict[str, list[str]]) -> dict[str, list[str]]:
        """Give the sessions in which a word is found."""
        told = {}
        for word in right:
            results = self._told.get("/search", q=word, mode="keyword", agent_id="cjk", group_by="session")["results"]
            told[word] = [result["event"]["session_id"] for result in results]
        return told


CLAUSES: dict[str, Callable[[Shown, Any], Any]] = {
    "tokens": Shown.tokens,
    "cache_read": lambda shown, _: shown.sum_of("cache_read_tokens"),
    "cache_write": lambda shown, _: shown.sum_of("cache_write_tokens"),
    "reasoning": lambda shown, _: shown.sum_of("reasoning_tokens"),
    "cost": lambda shown, _: shown.sum_of("cost_usd"),
    "errors": lambda shown, _: shown.sum_of("error_count"),
    "traces": lambda shown, _: len(shown.traces),
    "sessions": Shown.sessions,
    "first_error": lambda shown, _: [trace["first_error"] for trace in shown.traces],
    "trace_statuses": lambda shown, _: [trace["status"] for trace in shown.traces],
    "calls": Shown.count_of_calls,
    "agent_calls": Shown.agent_calls,
    "models": Shown.models,
    "tools": Shown.tools,
    "call_ids": Shown.call_ids,
    "agents": Shown.agents,
    "joined": Shown.joined,
    "named_spans": Shown.named_spans,
    "agent_finds": Shown.agent_finds,
    "turns": Shown.conversation,
    "failed_turns": lambda shown, _: sum(turn["status"] == "error" for turn in shown.turns),
    "said_by": Shown.said_by,
    "lines": Shown.lines,
    "said_by_agents": Shown.said_by_agents,
    "call_ids_said": lambda shown, _: shown.ids_said("tool_call"),
    "result_ids_said": lambda shown, _: shown.ids_said("tool_result"),
    "types": Shown.types,
    "names": Shown.names,
    "bodies": Shown.bodies,
    "parents": Shown.parents,
    "properties": lambda shown, right: shown.attributes("properties", right),
    "resources": lambda shown, right: shown.attributes("resource", right),
    "hidden": Shown.hidden,
    "finds": Shown.finds,
}


def _sums(told: list[Any]) -> str:
    return f"{sum(one['input_tokens'] or 0 for one in told)}/{sum(one['output_tokens'] or 0 for one in told)}"


def _tool(call: Any) -> str:
    asked = f"{call['name']} {plain(call['arguments'])}".strip()
    if call["status"] == "error":
        return f"{asked} failed: {call['error']}"
    return asked if call["result"] is None else f"{asked} -> {plain(call['result'])}"


def _lines(turn: Any) -> list[str]:
    """Give what a turn says, a line for each part; what a model thought is left out."""
    return [line for part in turn["parts"] if (line := _line(turn["role"], part))]


def _line(role: str, part: Any) -> str:
    match part["type"]:
        case "text":
            return f"{role}: {plain(part['text'])}"
        case "reasoning":
            return ""
        case "tool_call":
            return f"{role} calls: {part.get('name')} {plain(part.get('arguments'))}".strip()
        case "tool_result":
            return f"{role}{' failed' if part.get('failed') else ''}: {plain(part.get('result'))}"
        case _:
            return f"{role} shows: {plain(part)}"


def _is_text(turn: Any) -> bool:
    return any(part["type"] == "text" for part in turn["parts"])


def plain(value: Any) -> str:
    """Give a text without space around it; what is JSON, or text that is JSON, in one way of writing."""
    if isinstance(value, str):
        try:
            structure = json.loads(value)
        except ValueError:
            return value.strip()
        if not isinstance(structure, dict | list):
            return value.strip()
        value = structure
    return "" if value in (None, {}) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
