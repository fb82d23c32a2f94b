"""`GET /api/v1/events/{id}/picture`: a picture's bytes with its type, and nothing that could run."""

import base64
import json
from uuid import uuid4

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

PNG = b"\x89PNG\r\n\x1a\n" + b"." * 60
MARKUP = b"\x89PNG\r\n\x1a\n<script>alert(1)</script>" + b"." * 40


def event(data, **fields):
    asked = [{"role": "user", "content": [{"type": "image", "source": {"media_type": "image/png", "data": data}}]}]
    properties = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": asked}
    return {"timestamp": "2026-01-07T19:00:00Z", "agent_id": "painter", "properties": properties, **fields}


async def stored(receiver, content, **fields):
    """Store an event with a picture; return its id and the picture's."""
    answer = await receiver.post("/api/v1/events", json.dumps(event(base64.b64encode(content).decode(), **fields)))
    event_id = answer.json()["event_id"]
    told = await receiver.read(f"/api/v1/events/{event_id}/messages")
    return event_id, told["sent"][0]["parts"][0]["picture"]


@pytest.mark.parametrize("content", [PNG, MARKUP])
async def test_a_picture_is_answered_as_one_whatever_is_in_it(receiver, content):
    event_id, picture = await stored(receiver, content)
    answer = await receiver.get(f"/api/v1/events/{event_id}/picture?picture={picture}")
    assert (answer.status, answer.body) == (200, content)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


async def test_a_conversation_names_the_same_picture(receiver):
    event_id, picture = await stored(receiver, PNG, trace_id=uuid4().hex)
    trace_id = (await receiver.read(f"/api/v1/events/{event_id}"))["trace_id"]
    turns = (await receiver.read(f"/api/v1/traces/{trace_id}/conversation"))["turns"]
    shown = next(part for turn in turns for part in turn["parts"] if part["type"] == "image")
    assert shown["picture"] == picture


async def test_what_is_not_there_is_said(receiver):
    event_id, picture = await stored(receiver, PNG)
    missing = await receiver.get(f"/api/v1/events/{event_id}/picture?picture=another")
    assert (missing.status, missing.json()["message"]) == (404, "no picture has the id 'another'")
    nowhere = await receiver.get(f"/api/v1/events/{uuid4()}/picture?picture={picture}")
    assert nowhere.status == 404
    unnamed = await receiver.get(f"/api/v1/events/{event_id}/picture")
    assert unnamed.status == 400
    assert unnamed.json()["message"].startswith("picture: expected the id of a picture")
