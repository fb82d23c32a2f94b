"""Bedrock's Converse."""

from __future__ import annotations

import binascii
import json
import re
import struct
from typing import Any, ClassVar
from urllib.parse import unquote

from scenario import Asked, Said

from apis.base import Api, pieces, text_of


class Converse(Api):
    """Bedrock's Converse. Its `inputTokens` leaves out what came from the cache or went there."""

    name, prefix = "bedrock.converse", "converse-"
    path = re.compile(r"/model/[^/]+/converse(-stream)?$")
    has = (True, True, False)
    refusal: ClassVar = {"message": "Rate limit reached for requests", "__type": "ThrottlingException"}

    def read(self, path: str, body: dict[str, Any]) -> Asked:
        found = re.search(r"/model/([^/]+)/converse(-stream)?$", path)
        assert found
        asked = Asked(unquote(found[1]), bool(found[2]), system=text_of(body.get("system")))
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
                deltas = [{"toolUse": {"input": piece}} for piece in pieces(json.dumps(call["input"]))]
            else:
                deltas = [{"text": piece} for piece in pieces(part["text"])]
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
