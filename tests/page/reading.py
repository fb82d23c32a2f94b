"""Runs whose messages are worth reading: Markdown, pictures, long results, agents within agents, thousands of them."""

from __future__ import annotations

import base64
import io
import json
import time
from typing import Any

from opentelemetry import context, trace
from PIL import Image
from sending import NS, Story, message, said

MARKDOWN = """# Plan for the trip

I **found** *three* ways:

1. A flight, `LX160`
2. A train
   - leaves at 07:12

| Way | Price |
|---|---:|
| flight | 540 |

```python
cheapest = min(ways)  # **not bold**
```

> Mind the limit.

[A page](https://example.com/path?q=1) and [harm](javascript:window.pwned=1) and [other](https://good.example@evil.example/)
![tracker](https://evil.example/pixel.png) <img src=x onerror="window.pwned=2"> snake_case_name \u202eevil
"""
SYSTEM = "You are a planner.\nAnswer in Markdown.\nNever book without approval."
ARGUMENTS = {"query": "flights to Oslo", "filters": {"max": 600}}
RESULT = "\n".join(
    f"{number:04} flight LX{number}, {'sold out' if number % 13 == 0 else 'free'}" for number in range(400)
)


def picture(kind: str, size: tuple[int, int] = (64, 48), colour: tuple[int, int, int] = (200, 30, 40)) -> str:
    """Return a picture of one colour as base64."""
    to = io.BytesIO()
    Image.new("RGB", size, colour).save(to, kind)
    return base64.b64encode(to.getvalue()).decode()


def blob(media_type: str, content: str) -> dict[str, str]:
    return {"type": "blob", "mime_type": media_type, "modality": "image", "content": content}


def chat(agent: str, sent: list[Any], answered: list[Any], system: str = "") -> dict[str, Any]:
    """Return the attributes of a model's call."""
    told = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4.1",
        "gen_ai.agent.name": agent,
        "gen_ai.input.messages": json.dumps(sent),
        "gen_ai.output.messages": json.dumps(answered),
    }
    return told | ({"gen_ai.system_instructions": json.dumps([said(system)])} if system else {})


def one(role: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "parts": list(parts)}


def planned(story: Story, *pictures: dict[str, Any]) -> str:
    """Tell a run of two model calls with a tool between them, whose system prompt changes. Returns its trace's id."""
    asked = one("user", said("Plan my trip to **Oslo**."), *pictures)
    calls = one(
        "assistant", said("Let me look."), {"type": "tool_call", "id": "c1", "name": "search", "arguments": ARGUMENTS}
    )
    found = one("tool", {"type": "tool_call_response", "id": "c1", "response": RESULT})
    with story.span("invoke_agent planner", {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner"}):
        with story.span("chat first", chat("planner", [asked], [calls], SYSTEM)):
            pass
        used = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "search",
            "gen_ai.tool.call.id": "c1",
            "gen_ai.tool.call.arguments": json.dumps(ARGUMENTS),
            "gen_ai.tool.call.result": RESULT,
        }
        with story.span("execute_tool search", used):
            pass
        changed = SYSTEM.replace("Never book", "You may not book")
        answer = one("assistant", said(MARKDOWN))
        with story.span("chat second", chat("planner", [asked, calls, found], [answer], changed)):
            pass
    return story.send()


def nested(story: Story) -> str:
    """Tell a run in which an agent calls another one, which calls a third one. Returns its trace's id."""

    def agent(name: str) -> dict[str, str]:
        return {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}

    def talk(name: str, asked: str, answered: str) -> None:
        with story.span(f"chat {name}", chat(name, [one("user", said(asked))], [one("assistant", said(answered))])):
            pass

    with story.span("invoke_agent outer", agent("outer")):
        talk("outer", "Where do I sleep?", "I ask the hotel agent.")
        with story.span("invoke_agent hotels", agent("hotels")):
            talk("hotels", "Find a hotel.", "I ask for rates.")
            with story.span("invoke_agent rates", agent("rates")):
                talk("rates", "What do rooms cost?", "EUR 140.")
        with story.span(
            "chat last", chat("outer", [one("user", said("And now?"))], [one("assistant", said("In the Grand."))])
        ):
            pass
    return story.send()


def marathon(url: str, messages: int, failed: int) -> str:
    """Send a run of so many messages, two for a call of a model, one of which failed. Returns its trace's id."""
    story = Story(url)
    began = time.time_ns() - 3600 * NS
    named = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "marathon"}
    root = story.tracer.start_span("invoke_agent marathon", context.Context(), attributes=named, start_time=began)
    around = trace.set_span_in_context(root)
    for number in range(messages // 2):
        at = began + number * NS // 10
        told = {
            "gen_ai.operation.name": "chat",
            "gen_ai.agent.name": "marathon",
            "gen_ai.input.messages": message("user", said(f"Question {number}: what comes after **{number}**?")),
        }
        if number != failed:
            answer = f"Answer {number}: it is {number + 1}.\n\n- one\n- two"
            told["gen_ai.output.messages"] = message("assistant", said(answer))
        span = story.tracer.start_span("chat gpt-4.1", around, attributes=told, start_time=at)
        if number == failed:
            span.set_status(trace.Status(trace.StatusCode.ERROR, "lost count"))
        span.end(at + NS // 20)
    root.end(began + messages * NS // 20 + NS)
    return story.send()
