"""The types of `/api/v1`'s answers with messages (`answers.py`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from mapping.model import Status
from receiver.http.answers import Answer, EventId, Moment, NextCursor

Text = str | msgspec.UnsetType


class Part(Answer):
    """A part of a message."""

    type: Annotated[
        Literal["text", "reasoning", "tool_call", "tool_result", "image", "audio", "video", "file", "other"],
        msgspec.Meta(description="other: `text` is JSON, and `name` its own word for what it is"),
    ]
    text: Text = msgspec.UNSET
    id: Annotated[Text, msgspec.Meta(description="the id that the call of a tool and its result share")] = msgspec.UNSET
    name: Annotated[Text, msgspec.Meta(description="the tool, or the file")] = msgspec.UNSET
    media_type: Annotated[Text, msgspec.Meta(description="of an image, audio, video or file")] = msgspec.UNSET
    size: Annotated[int | msgspec.UnsetType, msgspec.Meta(description="bytes, of what was sent in the message")] = (
        msgspec.UNSET
    )
    url: Annotated[Text, msgspec.Meta(description="where it lies, if it was not sent")] = msgspec.UNSET
    picture: Annotated[
        Text, msgspec.Meta(description="the id of a picture's bytes, for `/api/v1/events/{id}/picture`")
    ] = msgspec.UNSET
    arguments: Any = msgspec.UNSET
    result: Any = msgspec.UNSET
    failed: Annotated[bool | msgspec.UnsetType, msgspec.Meta(description="the result is an error")] = msgspec.UNSET


class Message(Answer):
    role: Annotated[str, msgspec.Meta(description="user, assistant, system, tool; or another word that was sent")]
    parts: list[Part]


class Tool(Answer):
    """A tool's call, as far as it is known."""

    name: str | None
    arguments: Any
    result: Any
    error: str | None


class Messages(Answer):
    """The content of an event: the messages sent to a model and its answer, or a tool's call, and the error."""

    system: list[Part]
    sent: list[Message]
    answered: list[Message]
    missing: Annotated[int, msgspec.Meta(ge=0, description="messages before these that the sender dropped")]
    tool: Tool | None
    error: str | None


class Turn(Message, kw_only=True):
    """A message, the event it is from, and its time."""

    event_id: EventId
    timestamp: Moment
    status: Status
    role: Annotated[
        str,
        msgspec.Meta(
            description="as in a message; `agent` of what an agent tells another, `waiting` of what waits for a "
            "person, `error` of what went wrong"
        ),
    ]
    depth: Annotated[
        int, msgspec.Meta(ge=0, description="0 of the outermost agent, 1 of one that it called, and so on")
    ]
    name: Annotated[Text, msgspec.Meta(description="the tool, the agent that tells another, or what failed")] = (
        msgspec.UNSET
    )
    agent_id: Annotated[Text, msgspec.Meta(description="whose call or tool it is")] = msgspec.UNSET
    call_id: Annotated[Text, msgspec.Meta(description="the call that it was said in")] = msgspec.UNSET


class Conversation(Answer):
    """A page of a conversation, in the order of time; `truncated` unless it is all of it."""

    turns: list[Turn]
    truncated: bool
    next_cursor: NextCursor
