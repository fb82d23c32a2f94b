"""Whether two tellings may tell of one call, as far as what they say goes: names, ids, tokens, moments."""

from __future__ import annotations

import re

from mapping.calls.model import Telling, Tokens
from mapping.calls.spans import SpanTree
from mapping.messages.canonical import plain_of

# How far a log record may lie from the span that tells of the same call, in nanoseconds.
NEAR = 5 * 10**9
# How far apart two instrumentations of one call begin, or end, in nanoseconds.
_TOGETHER = 20 * 10**6
# What Bedrock and pydantic-ai put before a model's name: `us.anthropic.`, `openai:`.
_PROVIDER = re.compile(r"\A(?:[a-z]+[.:])+(?=[a-z])")
# How spans of MCP's calls of tools begin, and what stands between a server's name and a tool's.
_MCP_CALL = ("tools/call", "MCP send tools/call")
SEPARATORS = frozenset("_-.:/")


def agree(record: Telling, span: Telling) -> bool:
    """Return whether a record may be of the span that it names: some name the span around all that they tell of."""
    apart = None not in (record.call_id, span.call_id) and record.call_id != span.call_id
    if apart or not names_agree(record, span):
        return False
    if record.tokens is None or span.tokens is None:
        return True
    # One of them may leave the cache out.
    return record.tokens.input == span.tokens.input or record.tokens.output == span.tokens.output


def names_agree(one: Telling, other: Telling) -> bool:
    """Return whether two tellings of tools do not name two of them."""
    return one.kind != "tool" or None in (one.name, other.name) or one.name == other.name


def is_answered(telling: Telling) -> bool:
    return bool(telling.answered) or telling.tokens is not None


def goes_on(piece: Telling, following: Telling) -> bool:
    """Return whether a record is the next piece of an answer, of those that a stream is told by.

    Its tokens are told at the end, or as a sum that grows.
    """
    if (piece.scope, piece.event_name) != (following.scope, following.event_name):
        return False
    if not names_agree(piece, following) or following.start - piece.end > NEAR:
        return False
    if piece.tokens is None or following.tokens is None:
        return piece.tokens is None
    grows = (piece.tokens.output or 0) < (following.tokens.output or 0)
    return grows and piece.tokens.input == following.tokens.input


def one_call(one: Telling, other: Telling, tree: SpanTree) -> bool:
    """Return whether two spans with one id tell of one call, rather than of two that were given the same id."""
    if not names_agree(one, other):
        return False
    if tree.nested(one, other):
        return True
    if one.start > other.end or other.start > one.end:
        # One after the other: two, unless the second one only brings what the first one lacks (a stream's end).
        return not (is_answered(one) and is_answered(other)) and one.kind == "model"
    if one.scope == other.scope and None not in (one.tokens, other.tokens) and one.tokens != other.tokens:
        return False
    return one.scope != other.scope or one.event_name != other.event_name


def is_told_beside(one: Telling, other: Telling) -> bool:
    """Return whether two spans of two scopes, of one time, may tell of one call: side by side, or in two trees."""
    together = _are_together(one, other)
    if not together and not _is_within(one, other) and not _is_within(other, one):
        return False
    if one.kind == "model":
        if None not in (one.response_id, other.response_id):
            return False
        are_siblings = one.parent_span_id is not None and one.parent_span_id == other.parent_span_id
        both_failed = one.failed and other.failed
        used = agree(one, other) and (are_siblings or together or both_failed)
        return (used or tokens_agree(one.tokens, other.tokens)) and same_model(one.name, other.name)
    apart = None not in (one.call_id, other.call_id) and one.call_id != other.call_id
    given = None in (one.arguments, other.arguments) or plain_of(one.arguments) == plain_of(other.arguments)
    return one.name is not None and one.name == other.name and not apart and given


def _are_together(one: Telling, other: Telling) -> bool:
    """Return whether two spans begin and end together, not one after the other."""
    apart_by = max(abs(one.start - other.start), abs(one.end - other.end))
    return apart_by <= _TOGETHER and one.start <= other.end and other.start <= one.end


def _is_within(inner: Telling, outer: Telling) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def same_call(outer: Telling, inner: Telling) -> bool:
    """Return whether a span may tell of the call of the span around it.

    Models may be called one way and answer another; tools and agents have the same name, or one has none. A tool that
    is called from within a call of itself has another id.
    """
    if outer.kind == "model":
        return True
    apart = None not in (outer.call_id, inner.call_id) and outer.call_id != inner.call_id
    return not apart and (None in (outer.name, inner.name) or outer.name == inner.name or is_of_server(outer, inner))


def is_of_server(outer: Telling, inner: Telling) -> bool:
    """Return whether an MCP call is of the tool around it, which has its server's name before its own."""
    before, name, behind = str(outer.name).rpartition(str(inner.name))
    is_mcp = outer.kind == "tool" and str(inner.event_name).startswith(_MCP_CALL)
    return is_mcp and bool(name) and not behind and before[-1:] in SEPARATORS


def serves(span: Telling, caller: Telling) -> bool:
    """Return whether a span lies within the time of a call of another trace, and may be of it."""
    apart = None not in (span.call_id, caller.call_id) and span.call_id != caller.call_id
    within = _is_within(span, caller)
    is_its = span.name == caller.name or is_of_server(caller, span)
    return span.trace_id != caller.trace_id and within and not apart and is_its


def is_told_by(span: Telling, caller: Telling) -> bool:
    """Return whether a span of another trace and scope lies within the time of a call of this model."""
    within = _is_within(span, caller)
    apart = None not in (span.response_id, caller.response_id) and span.response_id != caller.response_id
    is_other = span.trace_id != caller.trace_id and span.scope != caller.scope
    return within and is_other and not apart and same_model(span.name, caller.name)


def may_be_one(record: Telling, span: Telling) -> bool:
    """Return whether a record that names no span may be of a span that is near to it."""
    if record.kind == "tool":
        apart = None not in (record.call_id, span.call_id) and record.call_id != span.call_id
        return not apart and record.name is not None and span.name is not None and record.name == span.name
    ids_differ = None not in (record.response_id, span.response_id) and record.response_id != span.response_id
    if ids_differ or not same_model(record.name, span.name):
        return False
    if not is_answered(span) and not is_answered(record):
        return record.failed and span.failed
    if not is_answered(span):
        # A stream's end that is told apart from its beginning.
        return is_answered(record) and not span.failed and record.scope == span.scope and record.start >= span.start
    if record.tokens is None or span.tokens is None:
        return bool(record.answered) and record.answered == span.answered
    return tokens_agree(record.tokens, span.tokens)


def is_told_again(one: Telling, other: Telling) -> bool:
    """Return whether the later one of two records with the same tokens may be of the same call by another name."""
    return (
        one.event_name != other.event_name
        and other.end - one.end <= NEAR
        and (None in (one.response_id, other.response_id) or one.response_id == other.response_id)
        and same_model(one.name, other.name)
    )


def tokens_agree(one: Tokens | None, other: Tokens | None) -> bool:
    return one is not None and other is not None and (one.input, one.output) == (other.input, other.output)


def same_model(one: str | None, other: str | None) -> bool:
    """Compare names of models, which may have their provider before them, and their version behind.

    `gpt-5` and `openai/gpt-5`, `gpt-4o` and `gpt-4o-2024-07-18`, `claude-x` and `us.anthropic.claude-x-v1:0`.
    """
    if one is None or other is None:
        return True
    first, second = (_PROVIDER.sub("", name.rpartition("/")[2].lower()).replace("@", "-") for name in (one, other))
    return first.startswith(second) or second.startswith(first)


def distance(moment: int, span: Telling) -> int:
    return max(span.start - moment, moment - span.end, 0)
