"""The wire formats of the APIs that the stand-in model speaks: how a request is read, and an answer written.

Written after the APIs' published references; each has `plain` (one JSON) and `stream` (its events).
"""

from __future__ import annotations

import json
from typing import Any

from apis.anthropic import Messages
from apis.base import CREATED, Api
from apis.bedrock import Converse
from apis.gemini import Gemini
from apis.ollama import Ollama
from apis.openai import ChatCompletions, Responses

APIS = [ChatCompletions(), Responses(), Messages(), Gemini(), Converse(), Ollama()]


def of(path: str) -> Api | None:
    """Return the API that a request's path belongs to."""
    without_query = path.split("?", maxsplit=1)[0]
    return next((api for api in APIS if api.path.search(without_query) or api.path.search(path)), None)


def aside(path: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """Return the status and the answer to what is no call of a model: which there are, how long a text is, vectors."""
    path = path.split("?", maxsplit=1)[0]
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
