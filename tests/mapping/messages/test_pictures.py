"""Pictures in messages have an id, by which their bytes are found again wherever they stand in the event."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.messages.display import messages_of
from mapping.messages.pictures import find_picture, picture_id, type_of_picture

BEGINNINGS = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff\xe0",
    "image/gif": b"GIF89a",
    "image/webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
}


def encoded(media_type, rest=b"." * 60):
    return base64.b64encode(BEGINNINGS[media_type] + rest).decode()


def shapes(data, media_type):
    """Give the ways in which frameworks send a picture in a message."""
    url = f"data:{media_type};base64,{data}"
    return {
        "genai": {"type": "blob", "mime_type": media_type, "modality": "image", "content": data},
        "openai": {"type": "image_url", "image_url": {"url": url}},
        "responses": {"type": "input_image", "image_url": url},
        "anthropic": {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}},
        "gemini": {"inline_data": {"mime_type": media_type, "data": data}},
        "mcp": {"type": "image", "mimeType": media_type, "data": data},
    }


def part_of(part):
    (message,) = messages_of([{"role": "user", "content": [part]}])
    return message["parts"][0]


@pytest.mark.parametrize("shape", shapes("", ""))
@pytest.mark.parametrize("media_type", BEGINNINGS)
def test_a_picture_is_found_by_the_id_that_its_message_shows(media_type, shape):
    part = shapes(encoded(media_type), media_type)[shape]
    shown = part_of(part)
    messages = json.dumps([{"role": "user", "content": [{"type": "text", "text": "Look:"}, part]}])
    for properties in (
        {"gen_ai.input.messages": messages},
        {"request": {"deep": [{"body": json.dumps({"in": messages})}]}},
    ):
        found = find_picture(properties, shown["picture"])
        assert found == base64.b64decode(encoded(media_type))
        assert type_of_picture(found) == media_type


@given(st.lists(st.binary(min_size=40, max_size=80), min_size=2, max_size=5, unique=True))
def test_each_of_several_pictures_is_found(bodies):
    pictures = [encoded("image/png", body) for body in bodies]
    properties = {
        f"gen_ai.prompt.{place}.content": f"data:image/png;base64,{data}" for place, data in enumerate(pictures)
    }
    for data in pictures:
        assert find_picture(properties, picture_id(data)) == base64.b64decode(data)


@pytest.mark.parametrize("media_type", BEGINNINGS)
def test_base64_for_addresses_and_without_padding_is_read_too(media_type):
    body = bytes(range(180, 256))  # of these come + and /
    standard = encoded(media_type, body)
    other = standard.translate(str.maketrans("+/", "-_")).rstrip("=")
    assert find_picture({"picture": other}, picture_id(other)) == BEGINNINGS[media_type] + body


@pytest.mark.parametrize(
    "data",
    [
        base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'></svg>" * 3).decode(),
        base64.b64encode(b"%PDF-1.7" + b"." * 100).decode(),
        "iVBORw0KGgo=",
        "All work and no play makes Jack a dull boy, they say.",
        "",
    ],
)
def test_what_is_none_of_the_four_types_has_no_id(data):
    assert picture_id(data) is None
    assert "picture" not in part_of({"type": "image", "source": {"media_type": "image/png", "data": data or "x"}})


@given(st.text(max_size=100) | st.from_regex(r"iVBORw0KGg[A-Za-z0-9+/_=-]{0,120}"))
def test_whatever_a_text_is_it_is_read_or_not_found(text):
    wanted = picture_id(text)
    found = find_picture({"text": text}, wanted or "none")
    assert found is None or type_of_picture(found) in {None, *BEGINNINGS}


def test_sound_that_begins_as_a_picture_does_is_no_picture():
    assert "picture" not in part_of(
        {"type": "input_audio", "input_audio": {"data": encoded("image/webp"), "format": "wav"}}
    )


def test_a_picture_that_is_not_there_is_not_found():
    assert find_picture({"a": [encoded("image/png")]}, "0" * 24) is None
