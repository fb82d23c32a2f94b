"""The wire formats of the APIs that the stand-in model speaks: how a request is read, and an answer written.

Written after the APIs' published references; each has `plain` (one JSON) and `stream` (its events).
"""

from __future__ import annotations

import binascii
import json
import re
import struct
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from scenario import Asked, Call, Said

CREATED = 1795852800
SSE = "text/event-stream"


def _sse(events: Iterator[dict[str, Any]] | list[dict[str, Any]], *, named: bool = False) -> bytes:
    lines = ((f"event: {event['type']}\n" if named else "") + f"data: {json.dumps(event)}\n\n" for event in events)
    return "".join(lines).encode()


def _pieces(text: str) -> list[str]:
    """Return a text cut in three, as a stream does."""
    size = len(text) // 3 + 1
    return [text[start : start + size] for start in range(0, len(text), size)]


def _text(content: Any) -> str:
    """Return the text of a message's content, a string or parts."""
    if isinstance(content, list):
        parts = [part.get("text", "") if isinstance(part, dict) else str(part) for part in content]
        return "\n".join(part for part in parts if part)
    return content or ""


def _arguments(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


class Api:
    """An API: `path` matches its requests, `prefix` begins its response ids, `has` is the usage it can tell of."""

    name: str
    path: re.Pattern[str]
    prefix: str
    has: tuple[bool, bool, bool]  # cache read, cache written, reasoning
    refusal: dict[str, Any]

    def id(self, number: int) -> str:
        return f"{self.prefix}{number:024d}"

    def details(self, *tokens: int) -> list[int]:
        return [number if has else 0 for number, has in zip(tokens, self.has, strict=True)]

    def stream_type(self, path: str) -> str:
        del path
        return SSE

    def read(self, path: str, body: dict[str, Any]) -> Asked:
        raise NotImplementedError

    def plain(self, asked: Asked, said: Said) -> dict[str, Any]:
        raise NotImplementedError

    def stream(self, path: str, asked: Asked, said: Said) -> bytes:
        raise NotImplementedError


class ChatCompletions(Api):
    """OpenAI's chat completions, and what speaks it (vLLM, Mistral, DeepSeek, Ollama's /v1, ...)."""

    name, path, prefix = "chat.completions", re.compile(r"/chat/completions$"), "chatcmpl-"
    has = (True, False, True)
    refusal = {"error": {"message": "Rate limit reached for requests", "type": "requests", "param": None,
                         "code": "rate_limit_exceeded"}}  # fmt: skip

    def read(self, path: str, body: dict[str, Any]) -> Asked:
        del path
        asked = Asked(body["model"], bool(body.get("stream")))
        asked.extra["usage"] = (body.get("stream_options") or {}).get("include_usage")
        for tool in body.get("tools") or []:
            function = tool.get("function") or {}
            asked.offered[function.get("name", "")] = function.get("parameters") or {}
        for message in body["messages"]:
            self._read_message(asked, message)
        return asked

    def _read_message(self, asked: Asked, message: dict[str, Any]) -> None:
        role, content = message["role"], message.get("content")
        if role in {"system", "developer"}:
            asked.system = asked.system or _text(content)
        elif role == "user":
            asked.question = asked.question or _text(content)
        elif role == "tool":
            asked.results[message.get("tool_call_id") or f"result_{len(asked.results)}"] = _text(content)
        for call in message.get("tool_calls") or []:
            asked.called.append((call["function"]["name"], _arguments(call["function"]["arguments"])))

    def _usage(self, said: Said) -> dict[str, Any]:
        tokens = said.usage
        return {
            "prompt_tokens": tokens.input,
            "completion_tokens": tokens.output,
            "total_tokens": tokens.input + tokens.output,
            "prompt_tokens_details": {"cached_tokens": tokens.cache_read, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": tokens.reasoning, "audio_tokens": 0,
                                          "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
        }  # fmt: skip

    def _head(self, said: Said, kind: str) -> dict[str, Any]:
        head = {"id": said.id, "object": kind, "created": CREATED, "model": said.model}
        return head | {"service_tier": "default", "system_fingerprint": "fp_stand_in"}

    def _calls(self, said: Said) -> list[dict[str, Any]]:
        return [
            {"id": call.id, "type": "function",
             "function": {"name": call.name, "arguments": json.dumps(call.arguments)}}
            for call in said.calls
        ]  # fmt: skip

    def plain(self, asked: Asked, said: Said) -> dict[str, Any]:
        del asked
        message: dict[str, Any] = {"role": "assistant", "content": said.text or None, "refusal": None}
        if said.calls:
            message["tool_calls"] = self._calls(said)
        reason = "tool_calls" if said.calls else "stop"
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
        return self._head(said, "chat.completion") | {"choices": [choice], "usage": self._usage(said)}

    def stream(self, path: str, asked: Asked, said: Said) -> bytes:
        del path
        head = self._head(said, "chat.completion.chunk")

        def chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
            return head | {"choices": [choice]} | ({"usage": None} if asked.extra["usage"] else {})

        chunks = [chunk({"role": "assistant", "content": None if said.calls else "", "refusal": None})]
        for index, call in enumerate(self._calls(said)):
            start = call | {"index": index, "function": {"name": call["function"]["name"], "arguments": ""}}
            chunks.append(chunk({"tool_calls": [start]}))
            for piece in _pieces(call["function"]["arguments"]):
                chunks.append(chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))
        chunks += [chunk({"content": piece}) for piece in _pieces(said.text)]
        chunks.append(chunk({}, "tool_calls" if said.calls else "stop"))
        if asked.extra["usage"]:
            chunks.append(head | {"choices": [], "usage": self._usage(said)})
        return _sse(chunks) + b"data: [DONE]\n\n"


class Responses(Api):
    """OpenAI's Responses."""

    name, path, prefix = "responses", re.compile(r"/responses$"), "resp_"
    has = (True, False, True)
    refusal = ChatCompletions.refusal

    def read(self, path: str, body: dict[str, Any]) -> Asked:
        del path
        asked = Asked(body["model"], bool(body.get("stream")), system=body.get("instructions") or "")
        asked.extra = {"previous": body.get("previous_response_id"), "request": body}
        for tool in body.get("tools") or []:
            if tool.get("type") in {"function", "custom"}:
                asked.offered[tool["name"]] = tool.get("parameters") or {}
                asked.extra.setdefault("custom", set()).update({tool["name"]} if tool["type"] == "custom" else ())
        given = body["input"]
        for item in [{"role": "user", "content": given}] if isinstance(given, str) else given:
            self._read_item(asked, item)
        return asked

    def _read_item(self, asked: Asked, item: dict[str, Any]) -> None:
        kind = item.get("type", "message")
        if kind in {"function_call", "custom_tool_call"}:
            asked.called.append((item["name"], _arguments(item.get("arguments", item.get("input")))))
        elif kind in {"function_call_output", "custom_tool_call_output"}:
            asked.results[item["call_id"]] = _text(item["output"]) if isinstance(item["output"], list) else item["output"]
        elif item.get("role") in {"system", "developer"}:
            asked.system = asked.system or _text(item["content"])
        elif item.get("role") == "user":
            asked.question = asked.question or _text(item["content"])

    def _items(self, asked: Asked, said: Said) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        for index, call in enumerate(said.calls):
            item = {"call_id": call.id, "name": call.name, "status": "completed"}
            if call.name in asked.extra.get("custom", ()):
                text = next(iter(call.arguments.values()), "")
                items.append({"type": "custom_tool_call", "id": f"ctc_{said.number}_{index}", "input": text} | item)
            else:
                items.append({"type": "function_call", "id": f"fc_{said.number}_{index}",
                              "arguments": json.dumps(call.arguments)} | item)  # fmt: skip
        if said.text:
            part = {"type": "output_text", "text": said.text, "annotations": [], "logprobs": []}
            items.append({"type": "message", "id": f"msg_{said.number}", "role": "assistant", "status": "completed",
                          "content": [part]})  # fmt: skip
        return items

    def plain(self, asked: Asked, said: Said) -> dict[str, Any]:
        body, tokens = asked.extra["request"], said.usage
        return {
            "id": said.id, "object": "response", "created_at": CREATED, "status": "completed", "background": False,
            "completed_at": CREATED + 1, "error": None, "incomplete_details": None, "model": said.model,
            "instructions": body.get("instructions"), "max_output_tokens": None, "max_tool_calls": None,
            "output": self._items(asked, said), "parallel_tool_calls": True,
            "previous_response_id": body.get("previous_response_id"),
            "reasoning": {"effort": None, "summary": None}, "service_tier": "default", "store": True,
            "temperature": 1.0, "text": {"format": {"type": "text"}}, "tool_choice": "auto",
            "tools": body.get("tools") or [], "top_p": 1.0, "truncation": "disabled", "user": None, "metadata": {},
            "usage": {
                "input_tokens": tokens.input, "input_tokens_details": {"cached_tokens": tokens.cache_read},
                "output_tokens": tokens.output, "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
                "total_tokens": tokens.input + tokens.output,
            },
        }  # fmt: skip

    def stream(self, path: str, asked: Asked, said: Said) -> bytes:
        del path
        whole = self.plain(asked, said)
        start = whole | {"status": "in_progress", "output": [], "usage": None, "completed_at": None}
        events = [{"type": "response.created", "response": start}, {"type": "response.in_progress", "response": start}]
        for index, item in enumerate(whole["output"]):
            events += self._item_events(index, item)
        events.append({"type": "response.completed", "response": whole})
        return _sse([event | {"sequence_number": number} for number, event in enumerate(events)], named=True)

    def _item_events(self, index: int, item: dict[str, Any]) -> list[dict[str, Any]]:
        key = {"message": "content", "function_call": "arguments", "custom_tool_call": "input"}[item["type"]]
        empty = item | {"status": "in_progress", key: [] if key == "content" else ""}
        where = {"item_id": item["id"], "output_index": index}
        events = [{"type": "response.output_item.added", "output_index": index, "item": empty}]
        if key == "content":
            part = item["content"][0]
            where["content_index"] = 0
            events.append({"type": "response.content_part.added", "part": part | {"text": ""}, **where})
            events += [
                {"type": "response.output_text.delta", "delta": piece, "logprobs": [], **where}
                for piece in _pieces(part["text"])
            ]
            events.append({"type": "response.output_text.done", "text": part["text"], "logprobs": [], **where})
            events.append({"type": "response.content_part.done", "part": part, **where})
        else:
            name = "function_call_arguments" if key == "arguments" else "custom_tool_call_input"
            events += [{"type": f"response.{name}.delta", "delta": piece, **where} for piece in _pieces(item[key])]
            events.append({"type": f"response.{name}.done", key: item[key], "name": item["name"], **where})
        return [*events, {"type": "response.output_item.done", "output_index": index, "item": item}]


class Messages(Api):
    """Anthropic's messages. Its `input_tokens` leaves out what came from the cache or went there."""

    name, path, prefix = "anthropic.messages", re.compile(r"/v1/messages$"), "msg_"
    has = (True, True, False)
    refusal = {"type": "error", "error": {"type": "rate_limit_error", "message": "Rate limit reached for requests"}}

    def read(self, path: str, body: dict[str, Any]) -> Asked:
        del path
        asked = Asked(body["model"], bool(body.get("stream")), system=_text(body.get("system")))
        for tool in body.get("tools") or []:
            asked.offered[tool["name"]] = tool.get("input_schema") or {}
        for message in body["messages"]:
            content = message["content"]
            parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
            for part in parts:
                if part["type"] == "tool_use":
                    asked.called.append((part["name"], part["input"]))
                elif part["type"] == "tool_result":
                    asked.results[part["tool_use_id"]] = _text(part.get("content"))
                elif part["type"] == "text" and message["role"] == "user":
                    asked.question += part["text"]
        return asked

    def plain(self, asked: Asked, said: Said) -> dict[str, Any]:
        del asked
        content: list[dict[str, Any]] = [{"type": "text", "text": said.text}] if said.text else []
        content += [{"type": "tool_use", "id": c.id, "name": c.name, "input": c.arguments} for c in said.calls]
        return {
            "id": said.id, "type": "message", "role": "assistant", "model": said.model, "content": content,
            "stop_reason": "tool_use" if said.calls else "end_turn", "stop_sequence": None, "usage": self._usage(said),
        }  # fmt: skip

    def _usage(self, said: Said) -> dict[str, Any]:
        tokens = said.usage
        return {
            "input_tokens": tokens.input - tokens.cache_read - tokens.cache_write,
            "cache_creation_input_tokens": tokens.cache_write,
            "cache_read_input_tokens": tokens.cache_read,
            "cache_creation": {"ephemeral_5m_input_tokens": tokens.cache_write, "ephemeral_1h_input_tokens": 0},
            "output_tokens": tokens.output,
            "service_tier": "standard",
        }

    def stream(self, path: str, asked: Asked, said: Said) -> bytes:
        del path
        whole = self.plain(asked, said)
        start = whole | {"content": [], "stop_reason": None, "usage": whole["usage"] | {"output_tokens": 1}}
        events: list[dict[str, Any]] = [{"type": "message_start", "message": start}]
        for index, block in enumerate(whole["content"]):
            is_text = block["type"] == "text"
            empty = block | ({"text": ""} if is_text else {"input": {}})
            events.append({"type": "content_block_start", "index": index, "content_block": empty})
            for piece in _pieces(block["text"] if is_text else json.dumps(block["input"])):
                delta = {"type": "text_delta", "text": piece} if is_text else {
                    "type": "input_json_delta", "partial_json": piece}  # fmt: skip
                events.append({"type": "content_block_delta", "index": index, "delta": delta})
            events.append({"type": "content_block_stop", "index": index})
        delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
        usage = {key: n for key, n in whole["usage"].items() if key.endswith("_tokens")}
        events += [{"type": "message_delta", "delta": delta, "usage": usage}, {"type": "message_stop"}]
        return _sse(events, named=True)


class Gemini(Api):
    """Gemini's generateContent, of AI Studio and of Vertex. Thoughts are counted apart from the candidates."""

    name, prefix = "gemini.generateContent", "gemini_"
    path = re.compile(r"/models/[^/]+:(generateContent|streamGenerateContent)(\?|$)")
    has = (True, False, True)
    refusal = {"error": {"code": 429, "message": "Rate limit reached for requests", "status": "RESOURCE_EXHAUSTED"}}

    def read(self, path: str, body: dict[str, Any]) -> Asked:
        body = body.get("request", body)  # Gemini CLI's own server wraps it
        found = re.search(r"/models/([^/:]+):(\w+)", path)
        assert found
        system = body.get("systemInstruction") or body.get("system_instruction") or {}
        asked = Asked(unquote(found[1]), found[2].startswith("stream"), system=_text(system.get("parts")))
        for tool in body.get("tools") or []:
            for one in tool.get("functionDeclarations") or tool.get("function_declarations") or []:
                schema = one.get("parametersJsonSchema") or one.get("parameters_json_schema") or one.get("parameters")
                asked.offered[one["name"]] = schema or {}
        for content in body["contents"]:
            for part in content.get("parts") or []:
                call = part.get("functionCall") or part.get("function_call")
                result = part.get("functionResponse") or part.get("function_response")
                if call:
                    asked.called.append((call["name"], call.get("args")))
                elif result:
                    asked.results[result.get("id") or f"result_{len(asked.results)}"] = result["response"]
                elif content.get("role") != "model" and "text" in part:
                    asked.question += part["text"]
        return asked

    def _head(self, said: Said) -> dict[str, Any]:
        return {"modelVersion": said.model, "responseId": said.id}

    def _usage(self, said: Said) -> dict[str, Any]:
        tokens = said.usage
        return {
            "promptTokenCount": tokens.input, "cachedContentTokenCount": tokens.cache_read,
            "candidatesTokenCount": tokens.output - tokens.reasoning, "thoughtsTokenCount": tokens.reasoning,
            "totalTokenCount": tokens.input + tokens.output,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens.input}],
        }  # fmt: skip

    def _candidate(self, parts: list[dict[str, Any]], reason: str | None) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
        return candidate | ({"finishReason": reason} if reason else {})

    def _parts(self, said: Said, texts: list[str]) -> list[dict[str, Any]]:
        calls = [{"functionCall": {"id": call.id, "name": call.name, "args": call.arguments}} for call in said.calls]
        return [{"text": text} for text in texts] + calls

    def plain(self, asked: Asked, said: Said) -> dict[str, Any]:
        del asked
        parts = self._parts(said, [said.text] if said.text else [])
        return self._head(said) | {"candidates": [self._candidate(parts, "STOP")], "usageMetadata": self._usage(said)}

    def stream(self, path: str, asked: Asked, said: Said) -> bytes:
        del asked
        *before, last = self._parts(said, _pieces(said.text))
        chunks = [self._head(said) | {"candidates": [self._candidate([part], None)]} for part in before]
        chunks.append(self._head(said) | {"candidates": [self._candidate([last], "STOP")]})
        chunks[-1]["usageMetadata"] = self._usage(said)
        return _sse(chunks) if "alt=sse" in path else json.dumps(chunks).encode()

    def stream_type(self, path: str) -> str:
        return SSE if "alt=sse" in path else "application/json"


class Converse(Api):
    """Bedrock's Converse. Its `inputTokens` leaves out what came from the cache or went there."""

    name, prefix = "bedrock.converse", "converse-"
    path = re.compile(r"/model/[^/]+/converse(-stream)?$")
    has = (True, True, False)
    refusal = {"message": "Rate limit reached for requests", "__type": "ThrottlingException"}

    def read(self, path: str, body: dict[str, Any]) -> Asked:
        found = re.search(r"/model/([^/]+)/converse(-stream)?$", path)
        assert found
        asked = Asked(unquote(found[1]), bool(found[2]), system=_text(body.get("system")))
        for tool in (body.get("toolConfig") or {}).get("tools") or []:
            if spec := tool.get("toolSpec"):
                asked.offered[spec["name"]] = spec["inputSchema"]["json"]
        for message in body["messages"]:
            for part in message["content"]:
                if call := part.get("toolUse"):
                    asked.called.append((call["name"], call["input"]))
                elif result := part.get("toolResult"):
                    asked.results[result["toolUseId"]] = result["content"]
                elif message["role"] == "user":
                    asked.question += part.get("text", "")
        return asked

    def _usage(self, said: Said) -> dict[str, Any]:
        tokens = said.usage
        return {
            "inputTokens": tokens.input - tokens.cache_read - tokens.cache_write, "outputTokens": tokens.output,
            "cacheReadInputTokens": tokens.cache_read, "cacheWriteInputTokens": tokens.cache_write,
            "totalTokens": tokens.input + tokens.output,
        }  # fmt: skip

    def plain(self, asked: Asked, said: Said) -> dict[str, Any]:
        del asked
        parts: list[dict[str, Any]] = [{"text": said.text}] if said.text else []
        parts += [{"toolUse": {"toolUseId": c.id, "name": c.name, "input": c.arguments}} for c in said.calls]
        return {
            "output": {"message": {"role": "assistant", "content": parts}}, "usage": self._usage(said),
            "stopReason": "tool_use" if said.calls else "end_turn", "metrics": {"latencyMs": 12},
        }  # fmt: skip

    def stream_type(self, path: str) -> str:
        del path
        return "application/vnd.amazon.eventstream"

    def stream(self, path: str, asked: Asked, said: Said) -> bytes:
        del path
        whole = self.plain(asked, said)
        events: list[tuple[str, dict[str, Any]]] = [("messageStart", {"role": "assistant"})]
        for index, part in enumerate(whole["output"]["message"]["content"]):
            where = {"contentBlockIndex": index}
            if call := part.get("toolUse"):
                start = {"toolUse": {"toolUseId": call["toolUseId"], "name": call["name"]}}
                events.append(("contentBlockStart", {"start": start} | where))
                deltas = [{"toolUse": {"input": piece}} for piece in _pieces(json.dumps(call["input"]))]
            else:
                deltas = [{"text": piece} for piece in _pieces(part["text"])]
            events += [("contentBlockDelta", {"delta": delta} | where) for delta in deltas]
            events.append(("contentBlockStop", where))
        events.append(("messageStop", {"stopReason": whole["stopReason"]}))
        events.append(("metadata", {"usage": whole["usage"], "metrics": whole["metrics"]}))
        return b"".join(_aws_event(name, data) for name, data in events)


def _aws_event(name: str, data: dict[str, Any]) -> bytes:
    """Return a message of AWS's event stream: lengths, their CRC, headers, payload, the CRC of all."""
    headers = b""
    for key, value in ((":event-type", name), (":content-type", "application/json"), (":message-type", "event")):
        headers += bytes([len(key)]) + key.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
    payload = json.dumps(data).encode()
    lengths = struct.pack(">II", len(headers) + len(payload) + 16, len(headers))
    message = lengths + struct.pack(">I", binascii.crc32(lengths)) + headers + payload
    return message + struct.pack(">I", binascii.crc32(message))


class Ollama(Api):
    """Ollama's chat: its calls have no ids, its usage no details."""

    name, path, prefix = "ollama.chat", re.compile(r"/api/chat$"), "ollama_"
    has = (False, False, False)
    refusal = {"error": "Rate limit reached for requests"}

    def read(self, path: str, body: dict[str, Any]) -> Asked:
        asked = ChatCompletions().read(path, body)
        asked.streamed = body.get("stream", True)
        return asked

    def plain(self, asked: Asked, said: Said) -> dict[str, Any]:
        del asked
        message: dict[str, Any] = {"role": "assistant", "content": said.text}
        if said.calls:
            message["tool_calls"] = [{"function": {"name": c.name, "arguments": c.arguments}} for c in said.calls]
        return {
            "model": said.model, "created_at": "2026-11-28T08:00:00Z", "message": message, "done": True,
            "done_reason": "stop", "total_duration": 12000000, "load_duration": 1000000,
            "prompt_eval_count": said.usage.input, "prompt_eval_duration": 5000000,
            "eval_count": said.usage.output, "eval_duration": 6000000,
        }  # fmt: skip

    def stream_type(self, path: str) -> str:
        del path
        return "application/x-ndjson"

    def stream(self, path: str, asked: Asked, said: Said) -> bytes:
        del path
        whole = self.plain(asked, said)
        head = {key: whole[key] for key in ("model", "created_at")} | {"done": False}
        messages = [{"role": "assistant", "content": piece} for piece in _pieces(said.text)]
        if said.calls:
            messages.append(whole["message"])
        lines = [head | {"message": message} for message in messages]
        lines.append(whole | {"message": {"role": "assistant", "content": ""}})
        return "".join(json.dumps(line) + "\n" for line in lines).encode()


APIS = [ChatCompletions(), Responses(), Messages(), Gemini(), Converse(), Ollama()]


def of(path: str) -> Api | None:
    """Return the API that a request's path belongs to."""
    without_query = path.split("?")[0]
    return next((api for api in APIS if api.path.search(without_query) or api.path.search(path)), None)


def aside(path: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """Return what is answered to questions that are no calls of a model: which there are, how long a text is, vectors."""
    path = path.split("?")[0]
    if path.endswith("/models"):
        return 200, {"object": "list", "data": [{"id": "gpt-4o-mini", "object": "model", "created": CREATED}]}
    if path.endswith(":countTokens"):
        return 200, {"totalTokens": 1000}
    if path.endswith("/count_tokens"):
        return 200, {"input_tokens": 1000}
    if path.endswith("/embeddings"):
        given = json.loads(body)["input"]
        texts = [given] if isinstance(given, str) else given
        data = [{"object": "embedding", "index": n, "embedding": [0.1, 0.2, 0.3]} for n in range(len(texts))]
        usage = {"prompt_tokens": 8, "total_tokens": 8}
        return 200, {"object": "list", "data": data, "model": json.loads(body)["model"], "usage": usage}
    return 404, {"error": {"message": f"{path} is no path of the stand-in model", "code": "not_found"}}


__all__ = ["APIS", "Api", "Call", "aside", "of"]
