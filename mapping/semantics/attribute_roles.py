"""What a set of attributes says about session, agent, type, error and tokens, by the vocabulary."""

from __future__ import annotations

from typing import Any

import msgspec

from mapping.semantics.emitters import emitter_of_scope
from mapping.semantics.event_types import TYPE_BY_KEY, event_type, first_word_type, span_name_type
from mapping.semantics.vocabulary import FAILURES, KEYS, NAMED_BY_SPAN, ROLES, USAGE

# Where the value of a role stands in what was found.
AT = {role: number for number, role in enumerate(ROLES)}
_SESSION, _AGENT, _AGENT_ID, _OWN_NAME, _WHOLE, _TYPE = (
    AT[role] for role in ("session", "agent", "agent_id", "own_name", "whole", "type")
)
_TOOL, _ERROR, _OUTCOME = (AT[role] for role in ("tool", "error", "outcome"))
# A span with a tool's name is a call of it if it says anything of one.
_OF_TOOLS = tuple(AT[role] for role in ("call_id", "arguments", "result", "input", "output", "error"))
_INPUT_TOKENS, _OUTPUT_TOKENS, _USAGE = (AT[role] for role in ("input_tokens", "output_tokens", "usage"))
_COUNT = len(ROLES)
_LAST = len(KEYS)

# Tokens beyond this are a mistake.
_MAX = 10**12

Found = list[Any]


def find(*levels: dict[str, Any] | None) -> Found:
    """Find the value of every role. The record's attributes stand first, then the scope's, then the resource's.

    Returns one value a role (`ROLES`), None where nothing plays it. `""` counts as absent, and so do a type's word
    that means nothing and an outcome that is no failure: the next key may say more.
    """
    found: Found = [None] * _COUNT
    for attributes in levels:
        if not attributes:
            continue
        ranks = [_LAST] * _COUNT
        for key, value in attributes.items():
            ranked = KEYS.get(key)
            if ranked is None or value is None or value == "":
                continue
            role, rank = ranked
            if found[role] is not None and not rank < ranks[role] < _LAST:
                continue
            if role == _TYPE:
                kind = _type_of_word(value)
                if kind is None:
                    continue
                found[role] = kind
            elif role == _OUTCOME and value not in FAILURES[key]:
                continue
            else:
                found[role] = value
            ranks[role] = rank
    return found


def session_of(found: Found) -> str | None:
    """Return the session. The id of the response before is none: Microsoft's agents chain a conversation by it."""
    session = text_id(found[_SESSION])
    return None if session is not None and session.startswith("resp_") else session


def agent_of(found: Found, own_name: str | None = None) -> str | None:
    """Give the agent; on an agent's own span, its `own_name` says more than an id or what the agent works in."""
    return text_id(found[_AGENT]) or own_name or text_id(found[_AGENT_ID]) or text_id(found[_WHOLE])


def own_name_of(found: Found, properties: dict[str, Any], name: str | None) -> str | None:
    """Give the agent's name that an agent's own span carries, whose name and attributes these are."""
    own = text_id(found[_OWN_NAME])
    if own is None and any(key in properties for key in NAMED_BY_SPAN):
        return name
    return own


def agent_of_resource(resource: dict[str, Any]) -> str | None:
    """Give the agent that a whole resource is: an agent deployed on Bedrock AgentCore, by its ARN or else its name.

    Elsewhere a service is no agent, or one service's unrelated conversations would run together.
    """
    arn = resource.get("cloud.resource_id")
    if isinstance(arn, str) and ":bedrock-agentcore:" in arn:
        return arn
    if (
        resource.get("cloud.platform") == "aws_bedrock_agentcore"
        or resource.get("aws.service.type") == "gen_ai_agent"
        or "/bedrock-agentcore/" in str(resource.get("aws.log.group.names", ""))
    ):
        return text_id(resource.get("service.name"))
    return None


def type_of(found: Found) -> str | None:
    kind: str | None = found[_TYPE]
    return kind


def span_type(found: Found, properties: dict[str, Any], name: str | None, scope: str | None = None) -> str:
    """Return the event type of a span: of its name, its scope's name, its properties and what was found in them."""
    own = properties.get("logfire.msg_template") or name
    kind = (span_name_type(own, scope) if isinstance(own, str) else None) or found[_TYPE]
    if kind is None:
        kind = next((TYPE_BY_KEY[key] for key in TYPE_BY_KEY if key in properties), None)
    if kind is None and name:
        kind = first_word_type(name, is_emitter_s=emitter_of_scope(scope) is not None)
    if kind is None and is_tool_call(found, properties):
        kind = "tool_call"
    if kind is None and any(tokens_of(found)):
        kind = "model_call"
    return kind or "span"


def is_tool_call(found: Found, properties: dict[str, Any]) -> bool:
    """Say whether something that no word gives a type is a call of a tool: it names one, and says something of it."""
    if found[_TOOL] is None:
        return False
    return "gen_ai.tool.name" in properties or any(found[number] is not None for number in _OF_TOOLS)


def tool_of(found: Found) -> str | None:
    return text_id(found[_TOOL])


def is_error(found: Found) -> bool:
    error = found[_ERROR]
    return (error is not None and error is not False and error != 0) or found[_OUTCOME] is not None


def tokens_of(found: Found) -> tuple[int, int]:
    usage = found[_USAGE]
    if usage is not None:
        usage = _object(usage)
        return _used(usage, "input"), _used(usage, "output")
    return _tokens(found[_INPUT_TOKENS]), _tokens(found[_OUTPUT_TOKENS])


def text_id(value: object) -> str | None:
    """Read an id: text as it is, a number as its digits, anything else is no id."""
    if isinstance(value, str):
        if value[:1] == '"' and value[-1:] == '"' and len(value) > 2:
            value = value[1:-1]  # MLflow's attributes are JSON
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def _type_of_word(word: object) -> str | None:
    if not isinstance(word, str):
        return None
    word = word.strip('"')
    # Vercel's operation.name is the operation and, after a space, the function's id.
    return event_type(word) or event_type(word.partition(" ")[0])


def _object(value: object) -> dict[str, Any]:
    """Read an object, or the JSON text of one; {} where it is none."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def _used(usage: dict[str, Any], which: str) -> int:
    return _tokens(next((usage[key] for key in USAGE[which] if key in usage), None))


def _tokens(value: object) -> int:
    if isinstance(value, str) and value.isdecimal() and len(value) < 13:
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < _MAX:
        return int(value)
    return 0
