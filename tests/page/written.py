"""A run whose messages are worth reading, for pictures: Markdown, a chart, an agent within the agent. Made up, too."""

from __future__ import annotations

import base64
import io
import json
import time
from typing import Any

from PIL import Image, ImageDraw
from sending import Story, said

_SYSTEM = "You compare ways to travel.\nAnswer in Markdown, with a table.\nPrefer the fastest way."
_ASKED = "How do we get from Zürich to **Oslo** next week? Here is what we paid last year:"
_TRAINS = {"from": "Zürich HB", "to": "Oslo S", "date": "2026-05-12"}
_FOUND = "\n".join(
    f"{hour:02}:{minute:02}  via {via}, {hours} h, EUR {price}"
    for hour, minute, via, hours, price in (
        (6, 2, "Hamburg and Copenhagen", 19, 189),
        (8, 30, "Berlin and Copenhagen", 21, 164),
        (20, 59, "Hamburg, by night", 22, 149),
    )
)
_ANSWER = """## By train or by plane?

The **night train** is cheapest; the flight saves a day.

| Way | Hours | Price |
|---|---:|---:|
| flight `LX1216` | 2.5 | 238.00 |
| train via Hamburg | 19 | 189.00 |
| night train | 22 | 149.00 |

- [x] within the travel policy
- [ ] seats reserved

> Prices are those of [this morning](https://rail.example/zurich-oslo).

```python
best = min(ways, key=lambda way: way.price + 12 * way.hours)
```
"""


def _chart() -> str:
    """Return a small bar chart as a PNG in base64."""
    drawn = Image.new("RGB", (420, 150), "white")
    pen = ImageDraw.Draw(drawn)
    prices = {"January": 231, "March": 188, "May": 238, "August": 305, "October": 207}
    for place, (name, price) in enumerate(prices.items()):
        left = 20 + place * 80
        pen.rectangle((left, 130 - price // 3, left + 50, 130), fill=(96, 120, 210))
        pen.text((left + 4, 133), name, fill="black")
        pen.text((left + 12, 117 - price // 3), str(price), fill="black")
    to = io.BytesIO()
    drawn.save(to, "PNG")
    return base64.b64encode(to.getvalue()).decode()


def _agent(name: str) -> dict[str, str]:
    return {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}


def _chat(agent: str, system: str, sent: list[Any], answered: list[Any], tokens: tuple[int, int]) -> dict[str, Any]:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4.1",
        "gen_ai.agent.name": agent,
        "gen_ai.system_instructions": json.dumps([said(system)]),
        "gen_ai.input.messages": json.dumps(sent),
        "gen_ai.output.messages": json.dumps(answered),
        "gen_ai.usage.input_tokens": tokens[0],
        "gen_ai.usage.output_tokens": tokens[1],
    }


def written(url: str) -> str:
    """Send the run; return its trace's id."""
    story = Story(url, service="travel-office")
    chart = {"type": "blob", "mime_type": "image/png", "modality": "image", "content": _chart()}
    asked = {"role": "user", "parts": [said(_ASKED), chart]}
    call = {"type": "tool_call", "id": "t1", "name": "find_trains", "arguments": _TRAINS}
    looks = {"role": "assistant", "parts": [said("I look for trains first, then ask for flights."), call]}
    found = {"role": "tool", "parts": [{"type": "tool_call_response", "id": "t1", "response": _FOUND}]}
    used = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "find_trains",
        "gen_ai.tool.call.id": "t1",
        "gen_ai.tool.call.arguments": json.dumps(_TRAINS),
        "gen_ai.tool.call.result": _FOUND,
    }
    flights = [{"role": "user", "parts": [said("Flights from Zürich to Oslo on 12 May?")]}]
    flown = [{"role": "assistant", "parts": [said("`LX1216` at 09:40, EUR 238.")]}]
    with story.span("invoke_agent travel-office", _agent("travel-office")):
        with story.span("chat gpt-4.1", _chat("travel-office", _SYSTEM, [asked], [looks], (812, 64))):
            time.sleep(0.9)
        with story.span("execute_tool find_trains", used):
            time.sleep(0.4)
        with (
            story.span("invoke_agent flight-agent", _agent("flight-agent")),
            story.span("chat gpt-4.1", _chat("flight-agent", "You know flights.", flights, flown, (96, 18))),
        ):
            time.sleep(0.7)
        system = _SYSTEM.replace("Prefer the fastest way.", "Say which way is cheapest, too.")
        answer = [{"role": "assistant", "parts": [said(_ANSWER)]}]
        with story.span("chat gpt-4.1", _chat("travel-office", system, [asked, looks, found], answer, (1204, 231))):
            time.sleep(1.6)
    return story.send()
