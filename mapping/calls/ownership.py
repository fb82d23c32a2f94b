"""The session, the agent and the emitter of an event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mapping.calls.kinds import Levels, lc_agent
from mapping.calls.model import Telling
from mapping.messages.extraction import structure
from mapping.semantics.attribute_roles import (
    AT,
    Roles,
    agent_of_resource,
    find,
    is_placeholder,
    session_of,
    text_id,
    type_of,
)
from mapping.semantics.emitters import EMITTERS, emitter_of_scope
from mapping.semantics.vocabulary import NAMED_BY_SPAN

# Words for an agent that its emitter gives to all of them, names of classes, and of a program that is on all its spans.
_NO_AGENTS = frozenset(
    "OpenAI Agent|agent|unknown|Agent|AgentExecutor|AgentWorkflow|CodeAgent|FunctionAgent|LangGraph|MultiStepAgent"
    "|ReActAgent|ToolCallingAgent|gemini-cli".split("|")
)
# A directory, as Codex CLI has it, and a method of a class.
_NO_NAME = re.compile(r"/.*|[A-Z]\w*(?:\.\w+)+")
# Words for what an agent works in, likewise: opencode's.
_NO_WHOLES = frozenset({"session.llm"})
# What the Vercel AI SDK's user calls a function, and so the agent that it is.
_NAMING = "logfire.openai_agents"
_FUNCTION = "ai.telemetry.functionId"
# What frameworks add to an agent's name in that of its span; Microsoft's add its id.
_BEFORE = ("invoke_agent ", "agent run ", "agent ")
_ID_BEHIND = re.compile(r"\([\w-]{16,}\)\Z")
_AFTER = (".run", ".arun", ".kickoff", ".__call__", ".forward", ".agent", " run")
# Objects of JSON that say whose an event is, and the keys in them.
_CONTEXTS = ("genkit:metadata:context", "metadata", "llm.invocation_parameters")
_SESSIONS_IN_CONTEXT = ("sessionId", "session_id", "thread_id", "conversation_id", "conversationId", "threadId")
# Who the agent works for, by the emitters' words for it, the most telling first.
_USERS = (
    "langfuse.user.id",
    "langfuse.trace.metadata.user_id",
    "traceloop.association.properties.user_id",
    "traceloop.association.properties.userId",
    "langsmith.metadata.user_id",
    "lmnr.association.properties.user_id",
    "mlflow.trace.user",
    "langwatch.user.id",
    "mastra.metadata.userId",
    "ai.telemetry.metadata.userId",
    "user.id",
    "enduser.id",
    "user.email",
    "user.name",
    "user_id",
    "userId",
    "user-id",
)
# LlamaIndex's steps say whose they are where they write down what they were given.
_AGENT_AT_WORK = re.compile(r"current_agent_name='([^']{1,200})'")
_STEP_TEXTS = ("input.value", "output.value", "llamaindex.step.input_summary")


_TYPE_KEYS = {key: emitter.name for emitter in reversed(EMITTERS) for key in emitter.type}


def emitter_of(scope: str | None, properties: Mapping[str, Any]) -> str | None:
    """Return the row of the table that speaks: by the scope, else by the key of the type."""
    return emitter_of_scope(scope) or next((name for key, name in _TYPE_KEYS.items() if key in properties), None)


def tell_owner(telling: Telling, event: Mapping[str, Any], levels: Levels, roles: Roles) -> None:
    """Set the session, the user, the agent and the provider."""
    properties = levels[0]
    resource = event.get("resource")
    resource = resource if isinstance(resource, dict) else {}
    telling.user = _user(*levels, resource)
    session = session_of(roles)
    if session is None:
        session = _session_in_context(properties)
    if session is None:
        scope = event.get("scope")
        inherited = find(scope.get("attributes") if isinstance(scope, dict) else None, resource)
        session = session_of(inherited)
    telling.session_id = session or event.get("session_id")
    telling.provider = text_id(roles[AT["provider"]])

    named = text_id(roles[AT["agent"]]) or lc_agent(properties) or _agent_at_work(telling, properties)
    whole = text_id(roles[AT["whole"]])
    fallback = text_id(roles[AT["agent_id"]]) or (None if whole in _NO_WHOLES else whole)
    if telling.kind == "agent" and (named is None or named in _NO_AGENTS):
        named = _own_name(telling, properties, roles) or named
    named = named and named.strip()  # CrewAI's roles end with the line
    fallback = fallback or _workflow_name(telling, roles)
    if named is not None and _NO_NAME.fullmatch(named) is not None:
        named = None
    elif named in _NO_AGENTS:
        named, fallback = None, fallback or named
    if named is None and telling.signal == "json":
        named = event.get("agent_id")
    if named is None and fallback is None:
        stored = event.get("agent_id")
        fallback = agent_of_resource(resource) or (None if stored in _NO_WHOLES else stored)
    telling.agent, telling.agent_fallback = named, fallback


def _user(*levels: Mapping[str, Any]) -> str | None:
    named = (text_id(level[key]) for level in levels for key in _USERS if key in level)
    return next((user for user in named if user is not None and not is_placeholder(user)), None)


def _agent_at_work(telling: Telling, properties: Mapping[str, Any]) -> str | None:
    """Return the agent that a step of LlamaIndex's workflow is of."""
    if telling.kind != "none" or telling.signal != "span" or "llama" not in (telling.scope or ""):
        return None
    for key in _STEP_TEXTS:
        value = properties.get(key)
        if isinstance(value, str) and (roles := _AGENT_AT_WORK.search(value)) is not None:
            return roles[1]
    return None


def _workflow_name(telling: Telling, roles: Roles) -> str | None:
    """Return what a root that is no call is called as: the workflow that all of it works in."""
    if telling.signal != "span" or telling.kind != "none" or telling.parent_span_id:
        return None
    if type_of(roles) not in ("workflow", "agent"):
        return None
    return text_id(roles[AT["own_name"]]) or _without_endings(telling.event_name)


def _without_endings(name: str | None) -> str | None:
    """Return a name without what frameworks add to it: `weather_crew.kickoff`."""
    ending = next((ending for ending in _AFTER if name and name.endswith(ending) and len(name) > len(ending)), "")
    return name.removesuffix(ending) if name else None


def _own_name(telling: Telling, properties: Mapping[str, Any], roles: Roles) -> str | None:
    """Return the name of an agent that its own span gives it by itself."""
    own = text_id(roles[AT["own_name"]])
    if own is not None:
        return own
    name, chosen = telling.event_name, _chosen_name(telling, properties)
    if chosen is not None or name is None:
        return chosen
    for beginning in _BEFORE:
        if name.startswith(beginning) and len(name) > len(beginning):
            return _ID_BEHIND.sub("", name[len(beginning) :])
    if telling.signal == "span" and any(key in properties for key in NAMED_BY_SPAN):
        return _without_endings(name)
    return None


def _chosen_name(telling: Telling, properties: Mapping[str, Any]) -> str | None:
    """Return the name that an agent was given where it was called: Vercel's function, Gemini CLI's sub-agent."""
    chosen = text_id(properties.get(_FUNCTION))
    if chosen is not None and chosen not in _NO_WHOLES:
        return chosen
    if telling.scope == _NAMING:
        return text_id(properties.get("name"))
    if (telling.scope or "").startswith("gemini-cli"):
        asked = structure(properties.get("gen_ai.input.messages"))
        return text_id(asked.get("agent_name")) if isinstance(asked, dict) else None
    return None


def _session_in_context(properties: Mapping[str, Any]) -> str | None:
    for key in _CONTEXTS:
        value = properties.get(key)
        if isinstance(value, str) and not any(word in value for word in _SESSIONS_IN_CONTEXT):
            continue
        held = structure(value)
        if key == _CONTEXTS[-1] and isinstance(held, dict):
            held = held.get("metadata")
        if isinstance(held, dict):
            for word in _SESSIONS_IN_CONTEXT:
                session = text_id(held.get(word))
                if session is not None and not is_placeholder(session):
                    return session
    return None
