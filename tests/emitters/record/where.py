"""Say where a fixture's telemetry tells of its truth: `python where.py FIXTURE ...`, or `--table` for all in short.

For each fact (tokens, ids, names, words) it prints the attributes that hold it, and on how many spans and logs; a fact
that nothing holds is marked with "-". FIXTURE: a path, or a name in ../fixtures.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent.parent / "fixtures"


def values(attribute: Any) -> Iterator[Any]:
    """Yield the plain values within an OTLP value."""
    for kind, value in (attribute or {}).items():
        if kind == "arrayValue":
            for item in value.get("values", []):
                yield from values(item)
        elif kind == "kvlistValue":
            for item in value.get("values", []):
                yield from values(item.get("value"))
        else:
            yield int(value) if kind == "intValue" else value


def told(fixture: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield each (item, name, value): a span's or log's name, and where in it the value stands."""
    for resource in fixture["resourceSpans"]:
        for span in (span for scoped in resource["scopeSpans"] for span in scoped["spans"]):
            yield span["name"], "name", span["name"]
            yield span["name"], "status", (span.get("status") or {}).get("message", "")
            for key, value in attributes(span):
                yield span["name"], key, value
            for event in span.get("events", []):
                for key, value in attributes(event):
                    yield span["name"], f"event {event['name']}:{key}", value
    for resource in fixture["resourceLogs"]:
        for log in (log for scoped in resource["scopeLogs"] for log in scoped["logRecords"]):
            name = f"log {log.get('eventName') or ''}"
            for value in values(log.get("body")):
                yield name, "body", value
            for key, value in attributes(log):
                yield name, key, value


def attributes(item: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of a span, an event or a log, each value of a list or map by itself."""
    for attribute in item.get("attributes", []):
        for value in values(attribute.get("value")):
            yield attribute["key"], value


def facts(truth: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what to look for: a name and a value each, of the calls the last that was answered."""
    answered = [call for call in truth["model_calls"] if not call["failed"]]
    last = answered[-1] if answered else None
    if last is not None:
        yield "input with cache", last["input_tokens"]
        yield "input without", last["input_tokens"] - last["cache_read"] - last["cache_write"]
        yield "output with reasoning", last["output_tokens"]
        yield "output without", (last["output_tokens"] - last["reasoning"]) if last["reasoning"] else None
        yield "reasoning", last["reasoning"] or None
        yield "cache read", last["cache_read"] or None
        yield "cache written", last["cache_write"] or None
        yield "input, sum", sum(call["input_tokens"] for call in answered)
        yield "output, sum", sum(call["output_tokens"] for call in answered)
        yield "response id", last["response_id"]
        yield "model asked for", last["asked_model"]
        yield "model answering", last["model"]
    yield "session", truth["session"]
    for agent in truth["agents"]:
        yield f"agent {agent}", agent
    for tool in truth["tool_calls"]:
        yield "tool call id", tool.get("id")
        yield "tool's name", tool["name"]
        arguments = tool["arguments"]
        yield "tool's arguments", str(next(iter(arguments.values())) if isinstance(arguments, dict) else arguments)
        yield "tool's result", str(tool["result"]) if "result" in tool else None
        yield "tool's failure", str(tool["error"]).split(": ", 1)[-1] if "error" in tool else None
    yield "question", truth["question"]
    yield "answer", truth["answer"]
    yield "system", (truth["system"] or "")[:30] or None
    yield "refusal", "Rate limit reached" if len(answered) < len(truth["model_calls"]) else None


def places(everything: list[tuple[str, str, Any]], value: Any) -> dict[str, Counter[str]]:
    """Return the names under which a value stands, "~" before those that hold more than it, each with its items."""
    where: defaultdict[str, Counter[str]] = defaultdict(Counter)
    # In longer texts (usage as JSON), a number that is too large to be there by chance.
    number = re.compile(rf"(?<![\d.]){value}(?![\d.])") if isinstance(value, int) and value > 500 else None
    for item, key, said in everything:
        text = str(said)
        if text == str(value):
            where[key][item] += 1
        elif (isinstance(value, str) and value in text) or (number and number.search(text)):
            where[f"~{key}"][item] += 1
    return where


def row(path: Path) -> str:
    """Return a fixture's line of the table in README.md."""
    fixture = json.loads(path.read_text())
    everything = list(told(fixture))
    truth = list(facts(fixture["truth"]))

    def cell(name: str) -> str:
        values = [value for fact, value in truth if fact.startswith(name) and value is not None]
        keys = {key for value in values for key in places(everything, value)}
        # The one that says it best: whole, in an attribute of its own, by the shortest name.
        best = sorted(keys, key=lambda key: (key in {"name", "~name", "status", "~status"}, key[0] == "~", len(key)))
        return f"`{re.sub(r'[0-9]+', 'N', best[0])}`" if best else "-" if values else ""

    def convention(whole: str, part: str) -> str:
        return (
            "+".join(word for word, fact in (("with", whole), ("without", part)) if cell(fact) not in {"", "-"}) or "-"
        )

    spans = sum(len(scoped["spans"]) for r in fixture["resourceSpans"] for scoped in r["scopeSpans"])
    logs = sum(len(scoped["logRecords"]) for r in fixture["resourceLogs"] for scoped in r["scopeLogs"])
    cells = [
        path.stem, f"{fixture['program']} {fixture['version']}", f"{spans}/{logs}",
        convention("input with cache", "input without"), convention("output with reasoning", "output without"),
        cell("cache read"), cell("session"), cell("agent"), cell("tool call id"), cell("tool's result"),
        cell("tool's failure"),
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    if sys.argv[1:] == ["--table"]:
        print(*(row(path) for path in sorted(FIXTURES.glob("*.json"))), sep="\n")
        return
    for name in sys.argv[1:]:
        path = Path(name) if name.endswith(".json") else FIXTURES / f"{name}.json"
        fixture = json.loads(path.read_text())
        print(f"## {path.stem}: {fixture['program']} {fixture['version']}")
        everything = list(told(fixture))
        for fact, value in dict.fromkeys((fact, value) for fact, value in facts(fixture["truth"]) if value is not None):
            where = places(everything, value)
            texts = [f"{key} ({', '.join(f'{item} {n}' for item, n in items.items())})" for key, items in where.items()]
            print(f"{fact} {str(value)[:30]!r}: {'; '.join(texts)[:600] or '-'}")


if __name__ == "__main__":
    main()
