"""A recording made into a fixture: what is true beside what was sent, neutral and small."""

from __future__ import annotations

import json
import re
import socket
from collections import Counter
from typing import Any

import scenario

# Said of a call of a model, of all that the ledger knows.
CALL = "model asked_model input_tokens output_tokens cache_read cache_write reasoning failed response_id".split()
# Attributes that name a person, a machine or an installation, and what stands for it.
NEUTRAL = {
    "host.name": "host", "host.id": "host", "host.ip": "127.0.0.1", "host.mac": "00-00-00-00-00-00",
    "process.owner": "user", "process.command": "program", "process.command_line": "program",
    "process.command_args": "program", "process.executable.path": "program", "process.working_directory": "/home/user",
    "service.instance.id": "00000000-0000-4000-8000-000000000001",
    "user.id": "user", "user.name": "user", "user.email": "user@example.com", "user.account_id": "account",
    "user.account_uuid": "account", "organization.id": "organization", "installation.id": "installation",
    "device.id": "device", "machine.id": "machine", "enduser.id": "user",
}  # fmt: skip
NUMBERS = {"process.pid": 1, "process.parent_pid": 1, "thread.id": 1}
KEPT_OF_A_KIND = 3
LONG = 2000
# Attributes and keys that hold the tools offered, and how many of those are kept.
OFFERED = re.compile(r"^(.*tool[._]?definitions|ai\.prompt\.tools|tools|functionDeclarations)$", re.IGNORECASE)
OFFERED_KEPT = 2
# Beside the spans that a row of programs.toml names in `keep`.
KEPT_OF_OTHERS = 15
# "</root>" and "home/root" are none; after a line's end in escaped JSON ("\\n/tmp") one is.
WHERE_A_PATH_STARTS = r"(?:(?<![\w<])|(?<=\\n))"


def truth(ledger: Any, told: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what really happened, from the model's ledger and from what the program's own functions noted (`told`)."""
    answered = [call for call in ledger.calls if not call["failed"]]
    asked_for = [call for entry in answered for call in entry["tool_calls"]]
    noted = [entry for entry in told if "tool" in entry]
    if noted:
        tools = [_noted_tool(entry, asked_for) for entry in noted]
    else:
        tools = [
            {
                "id": c["id"],
                "name": c["name"],
                "arguments": c["arguments"],
                _outcome(c): _said_by(ledger.results.get(c["id"])),
            }
            for c in asked_for
        ]
    answers = [entry["answer"] for entry in told if "answer" in entry]
    sessions = [entry["session"] for entry in told if "session" in entry]
    questions = [entry["question"] for entry in told if "question" in entry]
    agents = [entry["agent"] for entry in told if "agent" in entry]
    agents += [
        name for call in asked_for for key, name in call["arguments"].items() if key in scenario.SUBAGENT_NAMED_BY
    ]
    nothing = {"question": None, "system": None}
    asked = (c for c in ledger.calls if any(question in c["question"] for question in scenario.QUESTIONS))
    first = next(asked, (ledger.calls or [nothing])[0])
    return {
        "model_calls": [{key: call[key] for key in CALL if key in call} for call in ledger.calls],
        "tool_calls": tools,
        "hand_overs": [c["name"] for c in asked_for if scenario.HAND_OVER.search(c["name"].lower())],
        "agents": list(dict.fromkeys(agents)),
        "session": sessions[0] if sessions else None,
        "question": questions[0]
        if questions
        else next((q for q in scenario.QUESTIONS if q in (first["question"] or "")), first["question"]),
        "answer": answers[0] if answers else next((c["text"] for c in reversed(answered) if c["text"]), None),
        "system": first["system"] or None,
    }


def _outcome(call: dict[str, Any]) -> str:
    """Return what came of a coding agent's call: the file that it is to read is missing."""
    return "error" if call["name"].lower() in scenario.READ else "result"


def _said_by(result: Any) -> Any:
    """Return what a tool gave back, without what the program adds for the model."""
    if isinstance(result, dict) and len(result) == 1:
        result = next(iter(result.values()))
    return result.split("\n\n<system-reminder>")[0] if isinstance(result, str) else result


def _noted_tool(entry: dict[str, Any], asked_for: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a tool's run, with the id of the model's call for it."""
    tool = {"name": entry["tool"], **{key: entry[key] for key in ("arguments", "result", "error") if key in entry}}
    for call in asked_for:
        if "taken" not in call and call["arguments"] == entry["arguments"]:
            call["taken"] = True
            return {"id": call["id"]} | tool
    return tool


def trimmed(resources: list[dict[str, Any]], patterns: list[str], gone: Counter[str]) -> list[dict[str, Any]]:
    """Return the resources with at most three of each kind of what the patterns match (scope/name); count the rest."""
    seen: Counter[str] = Counter()
    for resource in resources:
        for scoped in resource.get("scopeSpans", resource.get("scopeLogs", [])):
            scope = (scoped.get("scope") or {}).get("name", "")
            for key in ("spans", "logRecords"):
                kept = []
                for item in scoped.get(key, []):
                    kind = f"{scope}/{item.get('name') or item.get('eventName') or ''}"
                    seen[kind] += 1
                    if seen[kind] <= KEPT_OF_A_KIND or not any(re.search(pattern, kind) for pattern in patterns):
                        kept.append(item)
                    else:
                        gone[kind] += 1
                if key in scoped:
                    scoped[key] = kept
    return resources


def trimmed_to(resources: list[dict[str, Any]], patterns: list[str], gone: Counter[str]) -> list[dict[str, Any]]:
    """Return the resources with the spans whose names match a pattern, those above and a few others; count the rest."""
    scopes = [scoped for resource in resources for scoped in resource.get("scopeSpans", [])]
    spans = {span["spanId"]: span for scoped in scopes for span in scoped["spans"]}
    kept: dict[str, Any] = {}
    for span in [span for span in spans.values() if any(re.fullmatch(pattern, span["name"]) for pattern in patterns)]:
        above: dict[str, Any] | None = span
        while above and above["spanId"] not in kept:
            kept[above["spanId"]] = above
            above = spans.get(above.get("parentSpanId", ""))
    kinds = {span["name"]: span["spanId"] for span in reversed(spans.values()) if span["spanId"] not in kept}
    kept |= dict.fromkeys(list(kinds.values())[:KEPT_OF_OTHERS])
    for scoped in scopes:
        gone["spans"] += sum(span["spanId"] not in kept for span in scoped["spans"])
        scoped["spans"] = [span for span in scoped["spans"] if span["spanId"] in kept]
    for resource in resources:
        if "scopeSpans" in resource:
            resource["scopeSpans"] = [scoped for scoped in resource["scopeSpans"] if scoped["spans"]]
    return [resource for resource in resources if resource.get("scopeSpans", True)]


def shortened(value: Any, gone: Counter[str], *, long: int = LONG, tools: bool = False) -> Any:
    """Return the value with long texts cut in their middles, those inside of JSON that is a text too.

    `long`: characters kept of a text. `tools`: it is a list of what a coding agent offers, dozens with each call; the
    first ones are kept.
    """
    if isinstance(value, dict):
        tools = tools or bool(OFFERED.search(str(value.get("key"))))
        return {
            key: shortened(item, gone, long=long, tools=tools or bool(OFFERED.search(key)))
            for key, item in value.items()
        }
    if isinstance(value, list):
        if tools and len(value) > OFFERED_KEPT:
            gone["tools offered"] += len(value) - OFFERED_KEPT
            value = value[:OFFERED_KEPT]
        return [shortened(item, gone, long=long) for item in value]
    if not isinstance(value, str) or (len(value) <= long and not tools):
        return value
    if value[:1] in {"[", "{", '"'}:
        try:
            inside = json.loads(value)
        except ValueError:
            pass
        else:
            separators = (", ", ": ") if re.search(r'"[:,] ', value) else (",", ":")
            cut = shortened(inside, gone, long=long, tools=tools)
            return json.dumps(cut, separators=separators, ensure_ascii="\\u" in value) if cut != inside else value
    if len(value) <= long:
        return value
    gone["characters of long texts"] += len(value) - long
    return f"{value[: long // 2]} [...] {value[-long // 2 :]}"


def neutral(value: Any, paths: dict[str, str]) -> Any:
    """Return the value without what names this machine: attributes of NEUTRAL, and the paths, longest first."""
    if isinstance(value, dict):
        if value.get("key") in NEUTRAL:
            return {"key": value["key"], "value": {"stringValue": NEUTRAL[value["key"]]}}
        if value.get("key") in NUMBERS:
            return {"key": value["key"], "value": {"intValue": str(NUMBERS[value["key"]])}}
        return {key: neutral(item, paths) for key, item in value.items()}
    if isinstance(value, list):
        return [neutral(item, paths) for item in value]
    if isinstance(value, str):
        for path in sorted(paths, key=len, reverse=True):
            value = re.sub(rf"{WHERE_A_PATH_STARTS}{re.escape(path)}\b", paths[path], value)
    return value


def check_neutral(text: str) -> None:
    """Raise ValueError where something of this machine is left."""
    traces = ["/root", "/tmp", "/work", socket.gethostname()]  # noqa: S108 - looked for, not written to
    patterns = [rf".{{40}}{WHERE_A_PATH_STARTS}{trace}\b.{{40}}" for trace in traces if len(trace) > 4]
    left = sorted({found for pattern in patterns for found in re.findall(pattern, text)})
    if left:
        raise ValueError(f"not neutral: {left[:10]}")


def text(whole: dict[str, Any]) -> str:
    """Return a fixture as JSON with a line for each span and log."""
    lines: list[str] = []

    def held(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: held(item, name) for name, item in value.items()}
        if isinstance(value, list) and key in {"spans", "logRecords", "model_calls", "tool_calls"}:
            lines.extend(json.dumps(item, ensure_ascii=False) for item in value)
            return [f"@{number}@" for number in range(len(lines) - len(value), len(lines))]
        return [held(item) for item in value] if isinstance(value, list) else value

    outline = json.dumps(held(whole), ensure_ascii=False, indent=1)
    return re.sub(r'"@(\d+)@"', lambda found: lines[int(found[1])], outline) + "\n"
