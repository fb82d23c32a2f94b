"""Ollama's chat, after OpenAI's."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from scenario import Asked, Said

from apis.base import Api, pieces
from apis.openai import ChatCompletions


class Ollama(Api):
    """Ollama's chat: its calls have no ids, its usage no details."""

    name, path, prefix = "ollama.chat", re.compile(r"/api/chat$"), "ollama_"
    has = (False, False, False)
    refusal: ClassVar = {"error": "Rate limit reached for requests"}

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
        messages = [{"role": "assistant", "content": piece} for piece in pieces(said.text)]
        if said.calls:
            messages.append(whole["message"])
        lines = [head | {"message": message} for message in messages]
        lines.append(whole | {"message": {"role": "assistant", "content": ""}})
        return "".join(json.dumps(line) + "\n" for line in lines).encode()
