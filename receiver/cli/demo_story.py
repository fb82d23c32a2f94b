"""The story of the demo's travel agent: four runs in three conversations, one of which fails.

The runs are values: steps that contain steps. `demo_telemetry` records them with the OpenTelemetry SDK. Attributes
follow the GenAI semantic conventions from v1.37 on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_MODEL = "gpt-4.1"
_PROVIDER = {"gen_ai.provider.name": "openai", "server.address": "api.openai.com"}


class StepFailure(NamedTuple):
    """The exception that ended a step."""

    type: str
    message: str
    where: str

    @property
    def stacktrace(self) -> str:
        return f'Traceback (most recent call last):\n  File "{self.where}\n{self.type}: {self.message}\n'


class Line(NamedTuple):
    """A log line, `level` as the logging module names it."""

    level: str
    text: str


@dataclass(frozen=True)
class Step:
    """A span: `seconds` of its own, before the steps it contains."""

    name: str
    seconds: float
    attributes: dict[str, Any] = field(default_factory=dict)
    steps: tuple[Step | Line, ...] = ()
    failure: StepFailure | None = None
    calls_out: bool = False


class DemoRun(NamedTuple):
    """A trace. `conversation` names the session, `minutes_ago` says when it began."""

    title: str
    conversation: str
    minutes_ago: float
    agent: Step


def _agent(
    name: str, asked: str, answered: str | None, *steps: Step | Line, failure: StepFailure | None = None
) -> Step:
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": name,
        "gen_ai.input.messages": _message("user", {"type": "text", "content": asked}),
    }
    if answered:
        attributes["gen_ai.output.messages"] = _message("assistant", {"type": "text", "content": answered})
    return Step(f"invoke_agent {name}", 0.02, attributes, steps, failure)


def _model(seconds: float, asked: str, answered: str | dict[str, Any], tokens: tuple[int, int]) -> Step:
    """Return a model call whose answer is text, or a tool call (`_call`)."""
    if isinstance(answered, str):
        part, reason = {"type": "text", "content": answered}, "stop"
    else:
        part, reason = {"type": "tool_call", **answered}, "tool_call"
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": _MODEL,
        "gen_ai.response.model": _MODEL,
        "gen_ai.response.finish_reasons": [reason],
        "gen_ai.usage.input_tokens": tokens[0],
        "gen_ai.usage.output_tokens": tokens[1],
        "gen_ai.input.messages": _message("user", {"type": "text", "content": asked}),
        "gen_ai.output.messages": _message("assistant", part, finish_reason=reason),
        **_PROVIDER,
    }
    return Step(f"chat {_MODEL}", seconds, attributes, calls_out=True)


def _call(name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


def _tool(
    seconds: float, called: dict[str, Any], result: Any, *lines: Line, failure: StepFailure | None = None
) -> Step:
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": called["name"],
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.arguments": json.dumps(called["arguments"], ensure_ascii=False),
    }
    if result is not None:
        attributes["gen_ai.tool.call.result"] = json.dumps(result, ensure_ascii=False)
    return Step(f"execute_tool {called['name']}", seconds, attributes, lines, failure)


def _message(role: str, part: dict[str, Any], **more: str) -> str:
    return json.dumps([{"role": role, "parts": [part], **more}], ensure_ascii=False)


_SEARCH = _call("search_flights", origin="ZRH", destination="LIS", date="2026-05-14", passengers=2)
_BOOK = _call("book_flight", flight="TP933", passengers=2, fare="EUR 318.40")
_REBOOK = _call("book_flight", flight="TP933", passengers=2, fare="EUR 342.00", accept_new_fare=True)
_HOTELS = _call("search_hotels", city="Lisbon", checkin="2026-05-14", nights=4, quiet=True)
_ROOM = _call("reserve_room", hotel="Casa do Jasmim", nights=4, room="double, courtyard side")
_SEATS = _call("change_seats", booking="K7QX2M", seats=["14A", "14B"])
_POLICY = _call("search_policy", question="premium economy on flights under six hours")
_TRAIN = _call("compare_trains", origin="Gothenburg", destination="Oslo", date="2026-06-02")
_TOKYO = _call("book_flight", flight="LX160", passengers=1, fare="CHF 1187.00")
_PAY = _call("charge_card", amount="CHF 1187.00", card="corporate card ending 4417")

_ASKED_LISBON = "Two of us want to go from Zürich to Lisbon on 14 May for four nights. A quiet hotel, please."
_ASKED_OSLO = "May I fly premium economy to the Oslo conference, or is there a sensible train from Gothenburg?"
_ASKED_TOKYO = "Book the LX160 to Tokyo on Monday with the corporate card."

RUNS = (
    DemoRun(
        "a flight and a hotel in Lisbon, with a fare that expires",
        "lisbon",
        38,
        _agent(
            "travel-agent",
            _ASKED_LISBON,
            "Booked: TP933 on 14 May for EUR 342.00 and four nights at Casa do Jasmim, on the courtyard side.",
            Line("INFO", "new request: Zürich to Lisbon, 2 passengers"),
            _model(1.9, _ASKED_LISBON, _SEARCH, (412, 38)),
            _tool(
                0.84,
                _SEARCH,
                [
                    {"flight": "TP933", "departs": "06:25", "fare": "EUR 318.40", "seats_left": 3},
                    {"flight": "LX2084", "departs": "17:40", "fare": "EUR 402.10", "seats_left": 9},
                ],
                Line("INFO", "2 flights found within the budget"),
            ),
            _model(1.4, "TP933 is the cheaper flight and leaves early. Book it.", _BOOK, (688, 31)),
            _tool(
                2.31,
                _BOOK,
                None,
                Line("WARNING", "the airline quotes EUR 342.00 for TP933, the search said EUR 318.40"),
                failure=StepFailure(
                    "FareExpiredError",
                    "the fare EUR 318.40 for TP933 has expired; the current one is EUR 342.00",
                    'travel/airline.py", line 88, in book\n    raise FareExpiredError(fare, current)',
                ),
            ),
            _model(1.7, "The fare expired while booking. The new one is still below the budget.", _REBOOK, (811, 44)),
            Line("INFO", "retrying the booking of TP933 with the new fare"),
            _tool(1.62, _REBOOK, {"booking": "K7QX2M", "ticketed": True, "paid": "EUR 342.00"}),
            _agent(
                "hotel-agent",
                "A quiet double room in Lisbon, 14 to 18 May.",
                "Casa do Jasmim, a room to the courtyard, EUR 129 a night with breakfast.",
                _model(1.2, "A quiet double room in Lisbon, 14 to 18 May.", _HOTELS, (356, 29)),
                _tool(
                    0.97,
                    _HOTELS,
                    [
                        {"hotel": "Casa do Jasmim", "night": "EUR 129", "noise": "courtyard, very quiet"},
                        {"hotel": "Hotel Rossio Vista", "night": "EUR 118", "noise": "above a tram stop"},
                    ],
                ),
                _model(1.1, "Avoid the tram stop: take the courtyard.", _ROOM, (502, 27)),
                _tool(0.73, _ROOM, {"reservation": "CJ-20931", "free_cancellation_until": "2026-05-11"}),
            ),
            _model(2.2, "Sum up what was booked.", "Booked: TP933 on 14 May and Casa do Jasmim.", (1240, 96)),
        ),
    ),
    DemoRun(
        "a question on the travel policy",
        "oslo",
        21,
        _agent(
            "travel-agent",
            _ASKED_OSLO,
            "Company policy allows premium economy from six hours on only. The train takes 3 h 40 and costs a third.",
            _model(1.3, _ASKED_OSLO, _POLICY, (398, 33)),
            _tool(
                0.41,
                _POLICY,
                {"section": "4.2", "text": "Premium economy may be booked for flights of six hours or longer."},
                Line("INFO", "travel policy section 4.2 applies"),
            ),
            _model(1.1, "Not allowed by policy. Compare the trains.", _TRAIN, (590, 30)),
            _tool(1.08, _TRAIN, [{"train": "Vy R20", "hours": 3.7, "fare": "NOK 349", "changes": 0}]),
            _model(1.8, "Answer with the policy and the train.", "Take the train R20: direct, 3 h 40.", (742, 71)),
        ),
    ),
    DemoRun(
        "seats together, in the conversation of the first",
        "lisbon",
        12,
        _agent(
            "travel-agent",
            "Can we sit together, near a window?",
            "Done: you sit in 14A and 14B, window and middle.",
            _model(1.0, "Can we sit together, near a window?", _SEATS, (533, 26)),
            _tool(0.66, _SEATS, {"booking": "K7QX2M", "seats": ["14A", "14B"], "surcharge": "EUR 0"}),
            _model(0.9, "Confirm the seats.", "Done: you sit in 14A and 14B.", (604, 22)),
        ),
    ),
    DemoRun(
        "a payment that is declined",
        "tokyo",
        4,
        _agent(
            "travel-agent",
            _ASKED_TOKYO,
            None,
            _model(1.5, _ASKED_TOKYO, _TOKYO, (377, 35)),
            _tool(1.9, _TOKYO, {"booking": "R2WV8C", "ticketed": False, "hold_until": "18:00"}),
            _model(0.8, "The seat is on hold. Charge the card.", _PAY, (498, 24)),
            _tool(
                3.4,
                _PAY,
                None,
                Line("ERROR", "payment provider declined the charge: daily limit of the card is used up"),
                failure=StepFailure(
                    "PaymentDeclinedError",
                    "card declined: the daily limit of the corporate card is used up",
                    'travel/payments.py", line 41, in charge\n    raise PaymentDeclinedError(answer.reason)',
                ),
            ),
            Line("ERROR", "giving up: the flight to Tokyo is not paid, the hold ends at 18:00"),
            failure=StepFailure(
                "BookingFailedError",
                "LX160 was not booked: the payment was declined",
                'travel/agent.py", line 133, in run\n    raise BookingFailedError(flight) from declined',
            ),
        ),
    ),
)
