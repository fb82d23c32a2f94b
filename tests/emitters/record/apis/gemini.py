"""Gemini's generateContent."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar
from urllib.parse import unquote

from scenario import Asked, Said

from apis.base import SSE, Api, pieces, sse, text_of


class Gemini(Api):
    """Gemini's generateContent, of AI Studio and of Vertex. Thoughts are counted apart from the candidates."""

    name, prefix = "gemini.generateContent", "gemini_"
    path = re.compile(r"/models/[^/]+:(generateContent|streamGenerateContent)(\?|$)")
    has = (True, False, True)
    refusal: ClassVar = {
        "error": {"code": 429, "message": "Rate limit reached for requests", "status": "RESOURCE_EXHAUSTED"}
    }

    def read(self, path: str, body: dict[str, Any]) -> Asked:
        body = body.get("request", body)  # Gemini CLI's own server wraps it
        found = re.search(r"/models/([^/:]+):(\w+)", path)
        assert found
        system = body.get("systemInstruction") or body.get("system_instruction") or {}
        asked = Asked(unquote(found[1]), found[2].startswith("stream"), system=text_of(system.get("parts")))
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
        *before, last = self._parts(said, pieces(said.text))
        chunks = [self._head(said) | {"candidates": [self._candidate([part], None)]} for part in before]
        chunks.append(self._head(said) | {"candidates": [self._candidate([last], "STOP")]})
        chunks[-1]["usageMetadata"] = self._usage(said)
        return sse(chunks) if "alt=sse" in path else json.dumps(chunks).encode()

    def stream_type(self, path: str) -> str:
        return SSE if "alt=sse" in path else "application/json"
