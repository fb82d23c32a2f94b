"""Say where a fixture's telemetry tells of its truth: `python where.py FIXTURE ...` (paths, or names in ../fixtures).

For each fact (tokens, ids, names, words) it prints the attributes that hold it, and on how many spans and logs; a fact
that nothing holds is marked with "-". The record of what each program says: README.md is written from it.
"""

from __future__ import annotations

import json
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
    """Yield each (item, name, value): the item's kind and name, and where in it the value stands."""
    for resource in fixture["resourceSpans"]:
        for scoped in resource["scopeSpans"]:
            for span in scoped["spans"]:
                yield span["name"], "name", span["name"]
                yield span["name"], "status", (span.get("status") or {}).get("message", "")
                for attribute in span.get("attributes", []):
                    for value in values(attribute.get("value")):
                        yield span["name"], attribute["key"], value
                for event in span.get("events", []):
                    for attribute in event.get("attributes", []):
                        for value in values(attribute.get("value")):
                            yield span["name"], f"event {event['name']}:{attribute['key']}", value
    for resource in fixture["resourceLogs"]:
        for scoped in resource["scopeLogs"]:
            for log in scoped["logRecords"]:
                name = f"log {log.get('eventName') or ''}"
                for value in values(log.get("body")):
                    yield name, "body", value
                for attribute in log.get("attributes", []):
                    for value in values(attribute.get("value")):
                        yield name, attribute["key"], value


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
        yield "tool's arguments", next(iter(arguments.values())) if isinstance(arguments, dict) else arguments
        yield "tool's result", tool.get("result")
        yield "tool's failure", tool["error"].split(": ", 1)[-1] if "error" in tool else None
    yield "question", truth["question"]
    yield "answer", truth["answer"]
    yield "system", (truth["system"] or "")[:30] or None
    yield "refusal", "Rate limit reached" if len(answered) < len(truth["model_calls"]) else None


def main() -> None:
    for name in sys.argv[1:]:
        path = Path(name) if name.endswith(".json") else FIXTURES / f"{name}.json"
        fixture = json.loads(path.read_text())
        print(f"## {path.stem}: {fixture['program']} {fixture['version']}")
        everything = list(told(fixture))
        seen = set()
        for fact, value in facts(fixture["truth"]):
            if value is None or (fact, str(value)) in seen:
                continue
            seen.add((fact, str(value)))
            where: defaultdict[str, Counter[str]] = defaultdict(Counter)
            for item, key, said in everything:
                whole = str(said) == str(value)
                # A number is looked for in texts too, such as usage as JSON, where it is too large to be there by chance.
                within = value in str(said) if isinstance(value, str) else value > 500 and f" {value}," in f" {said},"
                if whole or within:
                    where[key if whole else f"~{key}"][item] += 1
            texts = [f"{key} ({', '.join(f'{item} {n}' for item, n in items.items())})" for key, items in where.items()]
            print(f"{fact} {str(value)[:30]!r}: {'; '.join(texts)[:600] or '-'}")


if __name__ == "__main__":
    main()
