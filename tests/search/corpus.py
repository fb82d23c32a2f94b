"""A corpus of agents' runs as they are in practice: system prompts and boilerplate again and again, and few runs alike.

Twelve agents; each call repeats the prompt and the conversation so far. A third is sent as OpenInference's spans, a
third by OpenTelemetry's GenAI conventions, a third as GenAI's spans with a log record for each message. Among them are
the runs of `needles.jsonl`, written by hand, each with the query by which somebody would look for it, in words most of
which are not the run's. Nothing in the search was tuned on them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

NEEDLES = Path(__file__).parent / "needles.jsonl"
START = 1_770_000_000_000_000_000
SECOND = 10**9


class Needle(msgspec.Struct, frozen=True):
    """A query and the run that answers it; a turn has a question, a tool with arguments and result, and an answer."""

    query: str
    agent: str
    turns: list[tuple[str, str, dict[str, Any], Any, str]]


class Run(NamedTuple):
    """The requests of a run, by route, and its trace id."""

    trace_id: str
    requests: list[tuple[str, dict[str, Any]]]


_RULES = (
    "Be polite and brief. If a customer is angry, apologise once and solve the problem. Never promise what the policy "
    "does not allow. Refunds that have not arrived after ten days are to be checked with the bank. If you do not know, "
    "say so. Do not make up order numbers, sources, dates or prices. Ask before you delete anything. Answer in the "
    "language of the user. Never repeat secrets, cards or passwords. Escalate to a person if asked to."
)

# By agent: what it is for, and what is said to it, with which tool, its arguments, results and the answer. `{...}` are
# drawn from `_WORDS`.
_AGENTS: dict[str, tuple[str, list[tuple[str, str, str, str, str]]]] = {
    "support": (
        "You are the support agent of a household shop: orders, returns, refunds, complaints.",
        [
            ("Where is my {thing}? Order {order}.", "payment_status", "order {order}", "shipped {day}, arrives {day}",
             "Your {thing} is on its way and arrives on {day}."),
            ("I want to send the {thing} back, {reason}.", "create_return", "order {order}", "label {code}",
             "Here is your label {code}. The money is on your account within ten days after we have the {thing}."),
            ("When do I get my refund for {order}?", "payment_status", "order {order}", "refund {price} sent {day}",
             "We sent {price} on {day}; it usually takes three to five days."),
            ("Thanks, the refund for the {thing} came today!", "close_ticket", "order {order}", "closed",
             "Glad to hear that. Have a nice day!"),
            ("The {thing} arrived with a scratch, can I get a discount?", "discount", "order {order}", "{price} off",
             "I am sorry. You get {price} back for the scratch."),
        ],
    ),
    "delivery": (
        "You help with parcels: tracking, addresses, times, pick-up points.",
        [
            ("Can {parcel} come after six?", "reschedule", "shipment {parcel}", "window 18-20, {day}",
             "It comes on {day} between six and eight."),
            ("The driver was not here although I waited. {parcel}", "tracking", "shipment {parcel}", "not met, {day}",
             "A second attempt is planned for {day}."),
        ],
    ),
    "billing": (
        "You handle invoices: amounts, taxes, due dates, reminders.",
        [
            ("Send invoice {code} again as a PDF.", "send_invoice", "invoice {code}", "sent", "It is on the way."),
            ("We cannot pay {code} before {day}.", "defer", "invoice {code} until {day}", "deferred",
             "The due date is now {day}; there will be no reminder."),
            ("The address on {code} is our old one.", "correct_invoice", "invoice {code}", "version 2",
             "I have corrected the address and sent version 2."),
        ],
    ),
    "helpdesk": (
        "You are the internal help desk: accounts, laptops, printers, VPN.",
        [
            ("VPN drops every few minutes in {city}.", "check_device", "host {host}", "driver {version} outdated",
             "Update the network driver to {version}; I have put it into your software centre."),
            ("I forgot my password, {person}.", "reset_password", "person {person}", "mail sent",
             "You get a link by mail; it is valid for one hour."),
            ("The printer on floor {number} prints stripes.", "open_ticket", "printer {host}", "{code}",
             "A technician comes on {day}."),
        ],
    ),
    "coder": (
        "You change code in small steps. Read before you write, run the tests after each change.",
        [
            ("Rename {module} and adapt the imports.", "shell", "git grep -l {module}", "{number} files",
             "I renamed it in {number} files; all tests pass."),
            ("Why is {module} so slow?", "shell", "python -m cProfile -m {module}", "{number} % in json.loads",
             "It parses the same file in a loop. I read it once now."),
            ("Add a test for the empty list in {module}.", "shell", "pytest -q {module}", "{number} passed",
             "Done: the empty list gives an empty answer."),
            ("Bump {module} to {version}.", "shell", "pip install -U {module}=={version}", "ok",
             "Updated; one deprecation warning is left."),
        ],
    ),
    "oncall": (
        "You are on call with the engineer. Suggest the next step, one at a time, the safe one first.",
        [
            ("Alert: latency of {host} above {number} ms.", "query_metrics", "p99 {host}", "{number} ms since {day}",
             "It began with the deploy of {version}. I would roll back."),
            ("Disk of {host} at {number} %.", "shell", "du -sh /var/log", "{number} GB of old logs",
             "Rotate and compress the logs; that frees {number} GB."),
            ("Is {host} back?", "probe", "host {host}", "200 in {number} ms", "Yes, healthy since {day}."),
        ],
    ),
    "research": (
        "You look for papers, read them and report with sources. Say how sure you are.",
        [
            ("What is new on {topic}?", "search_papers", "{topic} since 2025", "{number} papers, 3 read",
             "Three papers stand out; the best evidence on {topic} is a trial with {number} people."),
            ("Summarise the best review on {topic}.", "read_paper", "review {topic}", "{number} pages",
             "The review covers {number} studies and finds a moderate effect."),
        ],
    ),
    "browser": (
        "You open web pages and tell what is on them.",
        [
            ("What does {host} charge?", "open_page", "https://{host}/pricing", "from {price} a month",
             "It starts at {price} a month."),
            ("Is there a job for a {job} at {host}?", "open_page", "https://{host}/jobs", "{number} positions",
             "There are {number} open positions, one of them for a {job}."),
        ],
    ),
    "shopping": (
        "You find products by wishes and compare them.",
        [
            ("A {thing} under {price}, please.", "search_catalogue", "{thing} below {price}", "{number} items",
             "I found {number}; the best rated costs {price}."),
            ("Compare the two {thing}s of yesterday.", "compare", "{code} {code}", "power, weight, noise",
             "The first is quieter, the second is {price} cheaper."),
        ],
    ),
    "clinic": (
        "You help a doctor's practice: appointments, letters, prescriptions. You do not diagnose.",
        [
            ("Move {person}'s appointment to {day}.", "appointments", "{person} {day}", "free at {number}:00",
             "Done: {day}."),
            ("Write the letter for {person} after the check-up.", "patient_record", "{person}", "no findings",
             "The letter is in your drafts."),
            ("Repeat prescription for {person}, blood pressure.", "prescribe", "{person} ramipril 5 mg", "signed",
             "The prescription can be collected on {day}."),
        ],
    ),
    "travel": (
        "You plan trips: flights, hotels, trains.",
        [
            ("A hotel in {city} from {day}, two nights.", "search_hotels", "{city} {day}", "{number} from {price}",
             "The best one near the centre is {price} a night."),
            ("How do I get from {city} to {city} on {day}?", "search_trains", "{city} {day}", "{number} connections",
             "There are {number} trains; the fastest has no change."),
            ("Cancel my room in {city}.", "cancel", "booking {code}", "free of charge", "Cancelled, no fee."),
        ],
    ),
    "analyst": (
        "You answer questions about the company's numbers with SQL. Show the query.",
        [
            ("Revenue in {city} last month?", "query", "select sum(amount) from sales of '{city}'", "{price}",
             "It was {price}, {number} % more than the month before."),
            ("Which {thing} sells best?", "query", "select item, count(*) from sales", "{thing}: {number}",
             "The {thing}, with {number} sold."),
        ],
    ),
}  # fmt: skip

_WORDS: dict[str, tuple[str, ...]] = {
    "thing": ("kettle", "toaster", "lamp", "mattress", "blender", "desk", "vacuum cleaner", "iron", "fan", "grill"),
    "reason": (
        "it is too loud",
        "wrong colour",
        "I found a cheaper one",
        "it does not fit",
        "I ordered two by mistake",
    ),
    "day": ("Monday", "Tuesday", "3 March", "the 14th", "tomorrow", "next week", "Friday", "12 April"),
    "city": ("Lisbon", "Oslo", "Nairobi", "Quito", "Osaka", "Perth", "Gdansk", "Tunis", "Leeds", "Graz"),
    "person": ("A. Brandt", "J. Silva", "Mrs Novak", "Mr Haddad", "T. Eriksen", "K. Mensah", "L. Moreau"),
    "module": ("billing.tax", "core.cache", "api.routes", "jobs.mailer", "models.user", "utils.dates"),
    "topic": ("sleep and memory", "heat pumps", "late interaction", "soil carbon", "vaccine uptake", "battery ageing"),
    "job": ("welder", "nurse", "data engineer", "bookkeeper"),
}


def needles() -> list[Needle]:
    return [msgspec.json.decode(line, type=Needle) for line in NEEDLES.read_text(encoding="utf-8").splitlines()]


def runs(count: int = 3_000, seed: int = 1) -> Iterator[Run]:
    """Yield so many runs; those of the needles are the first places of `places`."""
    rnd = random.Random(seed)  # noqa: S311 - the same each time
    hidden = dict(zip(places(count, seed), needles(), strict=False))
    for number in range(count):
        if (needle := hidden.get(number)) is not None:
            yield _run(rnd, number, needle.agent, needle.turns)
        else:
            agent = rnd.choice(list(_AGENTS))
            turns = [_turn(rnd, agent) for _ in range(rnd.choice((1, 1, 2, 3)))]
            yield _run(rnd, number, agent, turns)


def places(count: int = 3_000, seed: int = 1) -> list[int]:
    """Return the numbers of the runs that the needles are, in their order."""
    return random.Random(seed + 1).sample(range(count), len(needles()))  # noqa: S311 - as above


def trace_id_of(number: int) -> str:
    return f"{number + 1:032x}"


def _turn(rnd: random.Random, agent: str) -> tuple[str, str, dict[str, Any], Any, str]:
    asked, tool, arguments, result, answer = rnd.choice(_AGENTS[agent][1])
    words = {name: rnd.choice(values) for name, values in _WORDS.items()}
    words |= {
        "order": f"W-{rnd.randrange(10_000, 99_999)}",
        "parcel": f"DX-{rnd.randrange(10_000, 99_999)}",
        "code": f"RE-{rnd.randrange(1_000, 9_999)}",
        "price": f"{rnd.randrange(500, 20_000) / 100:.2f} EUR",
        "host": f"{rnd.choice(('web', 'db', 'queue', 'mail'))}-{rnd.randrange(1, 40)}.example",
        "version": f"{rnd.randrange(1, 9)}.{rnd.randrange(20)}",
        "number": str(rnd.randrange(2, 400)),
    }
    filled = [text.format(**words) for text in (asked, arguments, result, answer)]
    return filled[0], tool, {"request": filled[1]}, {"found": filled[2]}, filled[3]


def _run(rnd: random.Random, number: int, agent: str, turns: list[tuple[str, str, dict[str, Any], Any, str]]) -> Run:
    prompt = f"{_AGENTS[agent][0]} {_RULES}"
    way = (_openinference, _genai, _genai_with_logs)[number % 3]
    sending = _Sending(rnd, number, agent)
    said: list[dict[str, Any]] = []
    for asked, tool, arguments, result, answer in turns:
        call_id = f"call_{rnd.randrange(10**9)}"
        said.append({"role": "user", "text": asked})
        calls = {"role": "assistant", "call": (call_id, tool, arguments)}
        way(sending, prompt, said, calls)
        sending.span(f"execute_tool {tool}", _tool(way, call_id, tool, arguments, result))
        said += [calls, {"role": "tool", "result": (call_id, result)}]
        way(sending, prompt, said, {"role": "assistant", "text": answer})
        said.append({"role": "assistant", "text": answer})
    sending.around(_agent(way, agent, turns[0][0], turns[-1][4]))
    return Run(trace_id_of(number), sending.requests())


class _Sending:
    """Collects the spans and log records of a run, as their exporters send them."""

    def __init__(self, rnd: random.Random, number: int, agent: str) -> None:
        self._rnd, self._number, self._agent = rnd, number, agent
        self._root = f"{rnd.getrandbits(64):016x}"
        self._spans: list[dict[str, Any]] = []
        self._records: list[dict[str, Any]] = []

    def span(self, name: str, attributes: dict[str, Any]) -> str:
        span_id = f"{self._rnd.getrandbits(64):016x}"
        self._add(name, span_id, self._root, attributes)
        return span_id

    def around(self, attributes: dict[str, Any]) -> None:
        self._add(f"invoke_agent {self._agent}", self._root, "", attributes)

    def record(self, name: str, span_id: str, body: dict[str, Any]) -> None:
        self._records.append(
            {
                "timeUnixNano": str(self._now()),
                "eventName": name,
                "traceId": trace_id_of(self._number),
                "spanId": span_id,
                "body": _value(body),
            }
        )

    def requests(self) -> list[tuple[str, dict[str, Any]]]:
        resource = {"attributes": _attributes({"service.name": f"{self._agent}-service"})}
        scope = {"name": "corpus"}
        spans = {"resource": resource, "scopeSpans": [{"scope": scope, "spans": self._spans}]}
        requests: list[tuple[str, dict[str, Any]]] = [("/v1/traces", {"resourceSpans": [spans]})]
        if self._records:
            records = {"resource": resource, "scopeLogs": [{"scope": scope, "logRecords": self._records}]}
            requests.append(("/v1/logs", {"resourceLogs": [records]}))
        return requests

    def _add(self, name: str, span_id: str, parent: str, attributes: dict[str, Any]) -> None:
        session = {"session.id": f"session-{self._number}", "gen_ai.agent.name": self._agent}
        self._spans.append(
            {
                "traceId": trace_id_of(self._number),
                "spanId": span_id,
                "parentSpanId": parent,
                "name": name,
                "startTimeUnixNano": str(self._now()),
                "endTimeUnixNano": str(self._now() + SECOND),
                "attributes": _attributes(session | attributes),
            }
        )

    def _now(self) -> int:
        return START + (self._number * 60 + len(self._spans) + len(self._records)) * SECOND


def _openinference(sending: _Sending, prompt: str, said: list[dict[str, Any]], answer: dict[str, Any]) -> None:
    attributes: dict[str, Any] = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o"}
    for way, messages in (("input", [{"role": "system", "text": prompt}, *said]), ("output", [answer])):
        for place, message in enumerate(messages):
            at = f"llm.{way}_messages.{place}.message."
            attributes[f"{at}role"] = message["role"]
            if "text" in message:
                attributes[f"{at}content"] = message["text"]
            if "result" in message:
                attributes[f"{at}tool_call_id"] = message["result"][0]
                attributes[f"{at}content"] = json.dumps(message["result"][1])
            if "call" in message:
                call_id, name, arguments = message["call"]
                call = f"{at}tool_calls.0.tool_call."
                attributes |= {f"{call}id": call_id, f"{call}function.name": name}
                attributes[f"{call}function.arguments"] = json.dumps(arguments)
    sending.span("ChatOpenAI", attributes)


def _genai(sending: _Sending, prompt: str, said: list[dict[str, Any]], answer: dict[str, Any]) -> None:
    sending.span(
        "chat gpt-4o",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.system_instructions": json.dumps([{"type": "text", "content": prompt}]),
            "gen_ai.input.messages": json.dumps([_message(message) for message in said]),
            "gen_ai.output.messages": json.dumps([_message(answer) | {"finish_reason": "stop"}]),
        },
    )


def _genai_with_logs(sending: _Sending, prompt: str, said: list[dict[str, Any]], answer: dict[str, Any]) -> None:
    span_id = sending.span("chat gpt-4o", {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"})
    sending.record("gen_ai.system.message", span_id, {"role": "system", "content": prompt})
    for message in said:
        content = message.get("text") or json.dumps(message["result"][1] if "result" in message else message["call"][2])
        sending.record(f"gen_ai.{message['role']}.message", span_id, {"role": message["role"], "content": content})
    content = answer.get("text") or json.dumps(answer["call"][2])
    sending.record("gen_ai.choice", span_id, {"message": {"role": "assistant", "content": content}})


def _message(message: dict[str, Any]) -> dict[str, Any]:
    if "text" in message:
        part = {"type": "text", "content": message["text"]}
    elif "call" in message:
        call_id, name, arguments = message["call"]
        part = {"type": "tool_call", "id": call_id, "name": name, "arguments": arguments}
    else:
        call_id, result = message["result"]
        part = {"type": "tool_call_response", "id": call_id, "response": result}
    return {"role": message["role"], "parts": [part]}


def _tool(way: object, call_id: str, tool: str, arguments: dict[str, Any], result: Any) -> dict[str, Any]:
    if way is _openinference:
        return {"openinference.span.kind": "TOOL", "tool.name": tool, "input.value": json.dumps(arguments)} | {
            "output.value": json.dumps(result)
        }
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool,
        "gen_ai.tool.call.id": call_id,
        "gen_ai.tool.call.arguments": json.dumps(arguments),
        "gen_ai.tool.call.result": json.dumps(result),
    }


def _agent(way: object, agent: str, asked: str, answered: str) -> dict[str, Any]:
    """Return the attributes of the agent's span, which repeats the first question and the last answer."""
    if way is _openinference:
        return {"openinference.span.kind": "AGENT", "agent.name": agent, "input.value": asked, "output.value": answered}
    return {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.input.messages": json.dumps([_message({"role": "user", "text": asked})]),
        "gen_ai.output.messages": json.dumps([_message({"role": "assistant", "text": answered})]),
    }


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"kvlistValue": {"values": _attributes(value)}}
    return {"stringValue": value}
