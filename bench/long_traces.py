"""Measure how long a long trace takes to open: `python bench/long_traces.py --events 5000 100000`.

An agent works in turns: it asks a model, calls tools, and leaves some of the work to an agent within. Each trace is
sent to the real program, and once it is interpreted, its answers are asked for in turns: medians, 95th percentiles, and
the CPU time of the receiver and of the embedded engine. Where Playwright and Chromium are installed, a browser that has
nothing of the page yet opens it: the time until its first rows, and until the first turns of its conversation, are in
the document. JSON: bench/results/long_traces.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))  # the program, wherever this is started
sys.path.append(str(Path(__file__).parent.parent / "tests" / "page"))

import chromium
from opentelemetry import context, trace
from program import HERE, Receiver
from sending import NS, Story, message, said

TIMES = 20
VIEWS = 5
SENT_AT_ONCE = 10_000
WORDS = "flight hotel refund order the a of ticket to invoice price late customer was is booked for city date".split()
ANSWERS = {
    "outline": "/outline",
    "conversation": "/conversation",
    "conversation, its end": "/conversation?from=end",
    "trace": "",
    "trace, 200 events": "?limit=200",
    "trace, one event": "?limit=1",
}
VIEWED = {
    "waterfall": ("", ".waterfall [role=row][data-index]"),
    "conversation": ("?view=conversation", ".conversation .turn"),
}


def words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(WORDS, k=count))


def send(url: str, events: int) -> str:
    """Send a trace of so many spans: turns of ten within agents, whose model calls repeat what was said before."""
    story, chance = Story(url), random.Random(events)
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner"}
    at = began = time.time_ns() - 3600 * NS
    root = story.tracer.start_span("invoke_agent planner", context.Context(), attributes=agent, start_time=began)
    around = trace.set_span_in_context(root)
    within, inner, name = around, None, "planner"
    said_before: list[dict[str, Any]] = []
    for number in range(1, events):
        at += NS // 100
        if number % 10 == 1:  # every other turn is left to an agent within
            if inner is not None:
                inner.end(at)
            name = "planner" if number % 20 == 1 else f"helper {number % 7}"
            operation = "chain" if name == "planner" else "invoke_agent"
            attributes = {"gen_ai.operation.name": operation, "gen_ai.agent.name": name}
            inner = story.tracer.start_span(f"{operation} {name}", around, attributes=attributes, start_time=at)
            within = trace.set_span_in_context(inner)
            said_before = said_before[-4:]
        elif number % 3:
            attributes = {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": f"tool {number % 11}",
                "gen_ai.tool.call.id": f"call-{number}",
                "gen_ai.tool.call.arguments": json.dumps({"query": words(chance, 8), "page": number}),
                "gen_ai.tool.call.result": words(chance, 120),
                "gen_ai.agent.name": name,
            }
            span = story.tracer.start_span(f"execute_tool {number % 11}", within, attributes=attributes, start_time=at)
            if number % 500 == 0:
                span.set_status(trace.Status(trace.StatusCode.ERROR, f"step {number} went wrong"))
            span.end(at + NS // 200)
        else:
            said_before.append({"role": "user", "parts": [said(f"{number} {words(chance, 40)}")]})
            answer = f"{number} {words(chance, 60)}"
            attributes = {
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": "gpt-4.1",
                "gen_ai.agent.name": name,
                "gen_ai.usage.input_tokens": 900,
                "gen_ai.usage.output_tokens": 90,
                "gen_ai.input.messages": json.dumps(said_before),
                "gen_ai.output.messages": message("assistant", said(answer)),
            }
            said_before.append({"role": "assistant", "parts": [said(answer)]})
            story.tracer.start_span("chat gpt-4.1", within, attributes=attributes, start_time=at).end(at + NS // 200)
        if number % SENT_AT_ONCE == 0:
            story.send()
    if inner is not None:
        inner.end(at)
    root.end(at)
    return story.send()


def is_interpreted(receiver: Receiver, trace_id: str, events: int) -> bool:
    stored = receiver.get(f"/api/v1/traces/{trace_id}?limit=1")
    return bool(stored and stored["interpreted"] and stored["event_count"] == events)


def answered(receiver: Receiver, trace_id: str) -> dict[str, dict[str, float]]:
    """Return of each answer the median and the 95th percentile, and the CPU time of two processes, in milliseconds."""
    took: dict[str, list[float]] = {name: [] for name in ANSWERS}
    used: dict[str, dict[str, float]] = {name: {"receiver": 0.0, "surreal": 0.0} for name in ANSWERS}
    for _ in range(TIMES):
        for name, path in ANSWERS.items():
            before, began = receiver.seconds(), time.perf_counter()
            if receiver.get(f"/api/v1/traces/{trace_id}{path}") is None:
                raise SystemExit(f"{name} was not answered")
            took[name].append((time.perf_counter() - began) * 1000)
            after = receiver.seconds()
            for process in used[name]:
                used[name][process] += (after[process] - before[process]) * 1000 / TIMES
    return {
        name: {"p50": statistics.median(times), "p95": sorted(times)[TIMES * 95 // 100], **used[name]}
        for name, times in took.items()
    }


async def seen(url: str, trace_id: str) -> dict[str, list[float]]:
    """Return how many milliseconds after its address was opened a person sees the trace, several times."""
    took: dict[str, list[float]] = {name: [] for name in VIEWED}
    async with chromium.launched() as browser:
        for _ in range(VIEWS):
            for name, (view, shows) in VIEWED.items():
                tab = await chromium.open_tab(browser, url)
                began = time.perf_counter()
                await tab.page.goto(f"{url}/#/traces/{trace_id}{view}")
                await tab.page.wait_for_selector(shows, timeout=60_000)
                took[name].append((time.perf_counter() - began) * 1000)
                await tab.page.context.close()
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, nargs="+", default=[5_000, 100_000])
    arguments = parser.parse_args()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as data_dir:
        receiver = Receiver(data_dir, "off")
        try:
            for events in arguments.events:
                began = time.perf_counter()
                trace_id = send(receiver.url, events)
                sent = time.perf_counter() - began
                receiver.wait(lambda sent=trace_id, events=events: is_interpreted(receiver, sent, events))
                took = time.perf_counter() - began
                print(f"{events:,} events, sent in {sent:.0f} s, interpreted after {took:.0f} s", flush=True)
                row: dict[str, Any] = {"answers": answered(receiver, trace_id)}
                for name, each in row["answers"].items():
                    print(f"    {name:24}", *(f"{figure} {ms:8,.1f}" for figure, ms in each.items()), flush=True)
                if chromium.PATH and chromium.async_playwright:
                    row["seen"] = asyncio.run(seen(receiver.url, trace_id))
                    for name, times in row["seen"].items():
                        print(f"    {name:24} seen after {statistics.median(times):,.0f} ms, at most {max(times):,.0f}")
                results[str(events)] = row
        finally:
            receiver.stop()
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "long_traces.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
