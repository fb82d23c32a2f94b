"""What is new in a model call: its messages repeat the conversation so far, and the system prompt stands in each.

New in what was sent is what follows the model's last answer; new in an answer, what follows the last word of the user
(agents return their whole state). The rest is `earlier`: it was told by the calls before, if these were sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from mapping.messages import langchain, streams
from mapping.messages.extraction import SYSTEMS, messages_in
from mapping.messages.parts import CONTENTS, SPEAKERS, is_message, message_of, read_part, role_of
from mapping.messages.prompts import TURN, turns_in
from mapping.search_text.words import parsed

# Where a logged request or an agent's state has its messages, and how deep.
_LISTS = (
    "messages",
    "contents",
    "inputBodyJson",
    "outputBodyJson",
    "input",
    "prompt",
    "chat_history",
    "request",
    "kwargs",
)
_MAX_DEPTH = 4

Direction = Literal["input", "output"]


class Parted(NamedTuple):
    """A value with its new messages apart, and its earlier ones, and the system prompts; `rest` is all the rest."""

    new: list[Any]
    rest: Any = None
    earlier: Sequence[Any] = ()
    prompts: Sequence[Any] = ()


def parted(value: Any, direction: Direction) -> Parted:
    """Return a logged value, parted. Of one without messages all is `rest`."""
    return _parted(value, direction, 0) or Parted([], value)


def _parted(value: Any, direction: Direction, depth: int) -> Parted | None:
    value = parsed(value)
    if isinstance(value, str) and TURN in value:
        value = turns_in(value)
    elif isinstance(value, list):
        value = streams.whole_of(value) or value
    if isinstance(value, list) and value:
        if len(value) == 1 and isinstance(value[0], list) and depth < _MAX_DEPTH:  # LangChain's, a list for each prompt
            return _parted(value[0], direction, depth + 1)
        roles = _roles(value)
        return _parted_list(value, roles, direction) if roles else None
    if not isinstance(value, dict):
        return None
    if is_message(value):
        return _parted_list([value], [role_of(message_of(value))], direction)
    for key in _LISTS if depth < _MAX_DEPTH else ():
        if key in value and (inner := _parted(value[key], direction, depth + 1)) is not None:
            rest = {name: held for name, held in value.items() if name != key and name not in SYSTEMS}
            systems = [value[name] for name in SYSTEMS if value.get(name)]
            return inner._replace(rest=[inner.rest, rest], prompts=[*systems, *inner.prompts])
    return None


def _parted_list(messages: list[Any], roles: Sequence[str], direction: Direction) -> Parted:
    if direction == "output" and "user" not in roles:
        return Parted(messages)  # an answer, whatever its role: Gemini CLI's is `system`
    if len(roles) == 1 and roles[0] != "system":
        return Parted(messages)
    begin = _new_from(roles, direction)
    spoken = [place for place, role in enumerate(roles) if role != "system"]
    return Parted(
        [messages[place] for place in spoken if place >= begin],
        earlier=[messages[place] for place in spoken if place < begin],
        prompts=[message for message, role in zip(messages, roles, strict=True) if role == "system"],
    )


def _new_from(roles: Sequence[str], direction: Direction) -> int:
    """Return the place of the first new message."""
    last = {role: place for place, role in enumerate(roles)}
    said = max((place for place, role in enumerate(roles) if role != "system"), default=-1)
    user = last.get("user")
    if direction == "output" and user is not None:
        return 0 if user == said else user + 1
    answer = last.get("assistant", -1)
    if answer < said:
        return answer + 1
    # The answer itself stands at the end: the last turn is new.
    return 0 if user is None else user


def _roles(values: Any) -> list[str]:
    """Return the roles of a list's messages; [] unless each element is one."""
    if not isinstance(values, list) or not values or isinstance(values[0], str | int | float):
        return []
    if all(isinstance(value, dict) and isinstance(value.get("role"), str) for value in values):  # as most are
        return [_role_in(value) if len(values) > 1 else role_of(value) for value in values]
    if messages := messages_in(values):
        return [_role_in(message_of(message)) for message in messages]
    roles = [_role(value) for value in values]
    return [] if None in roles else [role for role in roles if role is not None]


def _role(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    if is_message(value):
        return _role_in(message_of(value))
    if langchain.is_message(value):
        return role_of(langchain.as_message(value))
    kind = value.get("type")
    return role_of({"role": kind}) if isinstance(kind, str) and kind in SPEAKERS and "content" in value else None


def _role_in(message: dict[str, Any]) -> str:
    """Return a message's role. Some APIs send the results of tools as the user."""
    role = role_of(message)
    if role != "user":
        return role
    parts = next((content for key in CONTENTS if isinstance(content := message.get(key), list)), [])
    is_result = bool(parts) and all(isinstance(part, dict) and read_part(part)[0] == "result" for part in parts)
    return "tool" if is_result else role
