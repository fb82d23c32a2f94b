"""OpenAI's chat completions and Responses."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from scenario import Asked, Said

from apis.base import CREATED, Api, decoded, pieces, sse, text_of


class ChatCompletions(Api):
    """OpenAI's chat completions, and what speaks it (vLLM, Mistral, DeepSeek, Ollama's /v1, ...)."""

    name, path, prefix = "chat.completions", re.compile(r"/chat/completions$"), "chatcmpl-"
    has = (True, False, True)
    refusal: ClassVar = {"error": {"message": "Rate limit reached for requests", "type": "requests", "param": None,
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
            asked.system = asked.system or text_of(content)
        elif role == "user":
            asked.question = asked.question or text_of(content)
        elif role == "tool":
            asked.results[message.get("tool_call_id") or f"result_{len(asked.results)}"] = text_of(content)
        for call in message.get("tool_calls") or []:
            asked.called.append((call["function"]["name"], decoded(call["function"]["arguments"])))

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
            chunks += [
                chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
                for piece in pieces(call["function"]["arguments"])
            ]
        chunks += [chunk({"content": piece}) for piece in pieces(said.text)]
        chunks.append(chunk({}, "tool_calls" if said.calls else "stop"))
        if asked.extra["usage"]:
            chunks.append(head | {"choices": [], "usage": self._usage(said)})
        return sse(chunks) + b"data: [DONE]\n\n"


class Responses(Api):
    """OpenAI's Responses."""

    name, path, prefix = "responses", re.compile(r"/responses$"), "resp_"
    has = (True, False, True)
    refusal: ClassVar = ChatCompletions.refusal

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
            asked.called.append((item["name"], decoded(item.get("arguments", item.get("input")))))
        elif kind in {"function_call_output", "custom_tool_call_output"}:
            asked.results[item["call_id"]] = (
                text_of(item["output"]) if isinstance(item["output"], list) else item["output"]
            )
        elif item.get("role") in {"system", "developer"}:
            asked.system = asked.system or text_of(item["content"])
        elif item.get("role") == "user":
            asked.question = asked.question or text_of(item["content"])

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
        return sse([event | {"sequence_number": number} for number, event in enumerate(events)], named=True)

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
                for piece in pieces(part["text"])
            ]
            events.append({"type": "response.output_text.done", "text": part["text"], "logprobs": [], **where})
            events.append({"type": "response.content_part.done", "part": part, **where})
        else:
            name = "function_call_arguments" if key == "arguments" else "custom_tool_call_input"
            events += [{"type": f"response.{name}.delta", "delta": piece, **where} for piece in pieces(item[key])]
            events.append({"type": f"response.{name}.done", key: item[key], "name": item["name"], **where})
        return [*events, {"type": "response.output_item.done", "output_index": index, "item": item}]
