"""Amazon Bedrock's log of a call of a model (`schemaType: ModelInvocationLog`): what is asked of its fields.

`input.inputBodyJson` is the request as the model's own API has it, `output.outputBodyJson` the response; a stream's
(`InvokeModelWithResponseStream`) is a list of its pieces. A body of more than 100 KB is an object in S3, and
`inputBodyS3Path`, `outputBodyS3Path` say where. None of the fields need be there: what is delivered is a setting.
"""

from __future__ import annotations

from typing import Any

_SIDES = (("input", "inputBodyJson", "inputBodyS3Path"), ("output", "outputBodyJson", "outputBodyS3Path"))
# Requests of models that are asked by a text alone: Llama's, Mistral's and Claude's older ones, Titan's, Cohere's.
_PROMPTS = ("prompt", "inputText", "message")
# Models that answer nobody, by what is in their names.
_OTHER_TYPES = {"embed": "embedding", "rerank": "retrieval"}
# ARNs whose last part is an id, rather than a model's name.
_NAMELESS = (":application-inference-profile/", ":provisioned-model/", ":imported-model/", ":custom-model-deployment/")
# What Bedrock adds to a response that is no Converse's, in milliseconds there.
_METRICS = "amazon-bedrock-invocationMetrics"
_SEARCH_DEPTH = 12


def is_model_invocation(body: dict[str, Any]) -> bool:
    """Return whether a log's body is such a log."""
    return "modelId" in body and "operation" in body and ("input" in body or "schemaType" in body)


def type_of(body: dict[str, Any]) -> str:
    """Return the event type of a log."""
    if body.get("errorCode"):
        return "error"
    kind = other_type(body)
    if kind is None:
        kind = "tool_call" if _asks_for_tool(body.get("output"), _SEARCH_DEPTH) else "model_call"
    return kind


def other_type(body: dict[str, Any]) -> str | None:
    """Return the event type of a call of a model that answers nobody, None of any other."""
    name = str(body.get("modelId")).lower()
    return next((kind for word, kind in _OTHER_TYPES.items() if word in name), None)


def model_of(body: dict[str, Any]) -> str | None:
    """Return the model's name. An inference profile's ARN ends with it, or with an id; then the answer names it."""
    named = body.get("modelId")
    if not isinstance(named, str):
        return None
    if any(part in named for part in _NAMELESS):
        answered = next((piece["model"] for piece in _answers(body) if isinstance(piece.get("model"), str)), "")
        named = answered or named
    return (named.rpartition("/")[2] if named.startswith("arn:") else named) or None


def response_id_of(body: dict[str, Any]) -> str | None:
    """Return the response's id as the model's API gave it, or else Bedrock's id of the request."""
    ids = (piece.get("id") for piece in _answers(body))
    told = next((one for one in ids if isinstance(one, str) and one), body.get("requestId"))
    return told if isinstance(told, str) and told else None


def took(body: dict[str, Any]) -> float:
    """Return how long the call took in milliseconds, 0 where the log does not say it."""
    for piece in _answers(body):
        for key, field in (("metrics", "latencyMs"), (_METRICS, "invocationLatency")):
            told = piece.get(key)
            milliseconds = told.get(field) if isinstance(told, dict) else None
            if isinstance(milliseconds, int | float) and 0 < milliseconds < 10**9:
                return milliseconds
    return 0


def said_in(body: dict[str, Any]) -> dict[str, Any]:
    """Return `{input, output}`: what was sent and answered, a file where it is in S3; without what is not there."""
    said: dict[str, Any] = {}
    for side, field, stored in _SIDES:
        holder = body.get(side)
        if not isinstance(holder, dict):
            continue
        if holder.get(field) is not None:
            said[side] = _prompt(holder[field]) if side == "input" else holder[field]
        elif isinstance(holder.get(stored), str):
            said[side] = {"type": "file", "url": holder[stored]}
    return said


def _prompt(request: Any) -> Any:
    """Return the text by which a model is asked that takes no messages; any other request unchanged."""
    if not isinstance(request, dict) or "messages" in request or "chat_history" in request:
        return request
    return next((request[key] for key in _PROMPTS if isinstance(request.get(key), str)), request)


def _answers(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the response, and the message that it begins with where it is a stream; of a stream its ends alone."""
    output = body.get("output")
    response = output.get("outputBodyJson") if isinstance(output, dict) else None
    pieces = [*response[:1], *response[-2:]] if isinstance(response, list) else [response]
    found = [piece for piece in pieces if isinstance(piece, dict)]
    return [
        *found,
        *(inner for piece in found for key in ("message", "metadata") if isinstance(inner := piece.get(key), dict)),
    ]


def _asks_for_tool(value: object, room: int) -> bool:
    """Look for a request to use a tool: Converse's `toolUse`, or a part of type `tool_use` of Anthropic's own form."""
    if room and isinstance(value, dict):
        if "toolUse" in value or value.get("type") == "tool_use":
            return True
        return any(_asks_for_tool(inner, room - 1) for inner in value.values())
    return bool(room) and isinstance(value, list) and any(_asks_for_tool(inner, room - 1) for inner in value)
