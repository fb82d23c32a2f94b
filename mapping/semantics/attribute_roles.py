"""Reads session, agent, type, error and tokens from sets of attributes, by the vocabulary."""

from __future__ import annotations

from typing import Any

import msgspec

from mapping.semantics.emitters import emitter_of_scope
from mapping.semantics.event_types import TYPE_BY_KEY, event_type, first_word_type, span_name_type
from mapping.semantics.vocabulary import FAILURES, KEYS, NAMED_BY_SPAN, NO_ERRORS, PLACEHOLDERS, ROLES, USAGE

# Where the value of a role stands in what was found.
AT = {role: number for number, role in enumerate(ROLES)}
_SESSION, _AGENT, _AGENT_ID, _OWN_NAME, _WHOLE, _TYPE = (
    AT[role] for role in ("session", "agent", "agent_id", "own_name", "whole", "type")
)
_TOOL, _ERROR, _OUTCOME = (AT[role] for role in ("tool", "error", "outcome"))
_IDS = frozenset({_SESSION, AT["response_id"], AT["call_id"]})
# A span with a tool's name is a call of it if it says anything of one.
_OF_TOOLS = tuple(AT[role] for role in ("call_id", "arguments", "result", "input", "output", "error"))
_INPUT_TOKENS, _OUTPUT_TOKENS, _USAGE = (AT[role] for role in ("input_tokens", "output_tokens", "usage"))
_COUNT = len(ROLES)
_LAST = len(KEYS)

# Tokens beyond this are a mistake.
_MAX = 10**12

Roles = list[Any]


def find(*levels: dict[str, Any] | None) -> Roles:
    """Find the value of every role. The record's attributes stand first, then the scope's, then the resource's.

    Returns one value a role (`ROLES`), None where nothing plays it. `""` counts as absent, and so do a placeholder for
    an id or an error, a type's word that means nothing and an outcome that is no failure: the next key may say more.
    """
    roles: Roles = [None] * _COUNT
    for attributes in levels:
        if not attributes:
            continue
        ranks = [_LAST] * _COUNT
        for key, value in attributes.items():
            ranked = KEYS.get(key)
            if ranked is None or value is None or value == "":
                continue
            role, rank = ranked
            if roles[role] is not None and not rank < ranks[role] < _LAST:
                continue
            if role == _TYPE:
                kind = _type_of_word(value)
                if kind is None:
                    continue
                roles[role] = kind
            elif _is_nothing(role, key, value):
                continue
            else:
                roles[role] = value
            ranks[role] = rank
    return roles


def _is_nothing(role: int, key: str, value: Any) -> bool:
    """Return whether a value says no more than that there is none: no id, no failure."""
    if role == _OUTCOME:
        return value not in FAILURES[key]
    return (role in _IDS and is_placeholder(value)) or (role == _ERROR and is_no_error(value))


def session_of(roles: Roles) -> str | None:
    """Return the session. The id of the response before is none: Microsoft's agents chain a conversation by it."""
    session = text_id(roles[_SESSION])
    return None if session is not None and session.startswith("resp_") else session


def agent_of(roles: Roles, own_name: str | None = None) -> str | None:
    """Return the agent; on an agent's own span, its `own_name` says more than an id or what the agent works in."""
    named = text_id(roles[_AGENT]) or own_name
    return (named and named.strip()) or text_id(roles[_AGENT_ID]) or text_id(roles[_WHOLE])


def own_name_of(roles: Roles, properties: dict[str, Any], name: str | None) -> str | None:
    """Return the agent's name that an agent's own span carries, whose name and attributes these are."""
    own = text_id(roles[_OWN_NAME])
    if own is None and any(key in properties for key in NAMED_BY_SPAN):
        return name
    return own


def agent_of_resource(resource: dict[str, Any]) -> str | None:
    """Return the agent that a whole resource is: an agent deployed on Bedrock AgentCore, by its ARN or else its name.

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


def type_of(roles: Roles) -> str | None:
    kind: str | None = roles[_TYPE]
    return kind


def span_type(roles: Roles, properties: dict[str, Any], name: str | None, scope: str | None = None) -> str:
    """Return the event type of a span: of its name, its scope's name, its properties and what was found in them."""
    own = properties.get("logfire.msg_template") or name
    kind = (span_name_type(own, scope) if isinstance(own, str) else None) or roles[_TYPE]
    if kind is None:
        kind = next((TYPE_BY_KEY[key] for key in TYPE_BY_KEY if key in properties), None)
    if kind is None and name:
        kind = first_word_type(name, is_emitter_s=emitter_of_scope(scope) is not None)
    if kind is None and is_tool_call(roles, properties):
        kind = "tool_call"
    if kind is None and any(tokens_of(roles)):
        kind = "model_call"
    return kind or "span"


def is_tool_call(roles: Roles, properties: dict[str, Any]) -> bool:
    """Return whether an event without a type is a tool call: it names a tool, and has arguments or a result.

    A record's text is neither: it says in words what its attributes do.
    """
    if roles[_TOOL] is None:
        return False
    text = properties.get("body")
    return "gen_ai.tool.name" in properties or any(
        (value := roles[number]) is not None and value is not text for number in _OF_TOOLS
    )


def tool_of(roles: Roles) -> str | None:
    return text_id(roles[_TOOL])


def is_error(roles: Roles) -> bool:
    error = roles[_ERROR]
    return (error is not None and error is not False and error != 0) or roles[_OUTCOME] is not None


def tokens_of(roles: Roles) -> tuple[int, int]:
    usage = roles[_USAGE]
    if usage is not None:
        usage = _object(usage)
        return _used(usage, "input"), _used(usage, "output")
    return _tokens(roles[_INPUT_TOKENS]), _tokens(roles[_OUTPUT_TOKENS])


def is_placeholder(value: object) -> bool:
    """Return whether a text stands where an id is missing."""
    return isinstance(value, str) and value.strip().strip('"').lower() in PLACEHOLDERS


def is_no_error(value: object) -> bool:
    """Return whether a text stands where there was no error."""
    return isinstance(value, str) and value.strip().lower() in NO_ERRORS


def text_id(value: object) -> str | None:
    """Return an id: a text unchanged, a number as its digits; None for anything else."""
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
