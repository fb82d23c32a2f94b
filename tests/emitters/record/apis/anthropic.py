"""Anthropic's messages."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from scenario import Asked, Said

from apis.base import Api, pieces, sse, text_of


class Messages(Api):
    """Anthropic's messages. Its `input_tokens` leaves out what came from the cache or went there."""

    name, path, prefix = "anthropic.messages", re.compile(r"/v1/messages$"), "msg_"
    has = (True, True, False)
    refusal: ClassVar = {
        "type": "error",
        "error": {"type": "rate_limit_error", "message": "Rate limit reached for requests"},
    }

    def read(self, path: str, body: dict[str, Any]) -> Asked:
        del path
        asked = Asked(body["model"], bool(body.get("stream")), system=text_of(body.get("system")))
        for tool in body.get("tools") or []:
            asked.offered[tool["name"]] = tool.get("input_schema") or {}
        for message in body["messages"]:
            content = message["content"]
            parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
            for part in parts:
                if part["type"] == "tool_use":
                    asked.called.append((part["name"], part["input"]))
                elif part["type"] == "tool_result":
                    asked.results[part["tool_use_id"]] = text_of(part.get("content"))
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
            for piece in pieces(block["text"] if is_text else json.dumps(block["input"])):
                delta = {"type": "text_delta", "text": piece} if is_text else {
                    "type": "input_json_delta", "partial_json": piece}  # fmt: skip
                events.append({"type": "content_block_delta", "index": index, "delta": delta})
            events.append({"type": "content_block_stop", "index": index})
        delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
        usage = {key: n for key, n in whole["usage"].items() if key.endswith("_tokens")}
        events += [{"type": "message_delta", "delta": delta, "usage": usage}, {"type": "message_stop"}]
        return sse(events, named=True)
