"""Pictures in messages are drawn from their own bytes; nothing else that claims to be a picture is."""

import base64
import json
import struct
import zlib

import pytest
from chromium import expect
from reading import blob, picture, planned
from sending import Story

pytestmark = pytest.mark.asyncio(loop_scope="session")

# The size of a canvas, and the colour of its middle.
DRAWN = "it => [it.width, it.height, ...it.getContext('2d').getImageData(it.width / 2, it.height / 2, 1, 1).data]"
SVG = base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg' onload='window.pwned=1'/>" * 3).decode()


def png_of(width, height):
    """A PNG that says to be so large; its bytes are few."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return base64.b64encode(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    ).decode()


async def conversation(open_tab, receiver, *pictures, headers=None):
    story = Story(receiver.url, headers=headers)
    return await open_tab(receiver, f"#/traces/{planned(story, *pictures)}?view=conversation")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_a_picture_is_drawn_in_its_size_and_colours(open_tab, receiver, kind):
    tab = await conversation(open_tab, receiver, blob(f"image/{kind.lower()}", picture(kind)))
    canvas = tab.find(".picture canvas")
    await expect(canvas).to_have_attribute("width", "64")
    width, height, red, green, blue, opaque = await canvas.evaluate(DRAWN)
    assert (width, height, opaque) == (64, 48, 255)
    assert red > 150
    assert max(green, blue) < 80  # JPEG and WebP change colours a little
    await expect(canvas).to_have_attribute("role", "img")
    await tab.is_safe()


async def test_it_is_made_large_with_the_keyboard(open_tab, receiver):
    tab = await conversation(open_tab, receiver, blob("image/png", picture("PNG", (800, 900))))
    button = tab.find(".picture")
    await expect(button.locator("canvas")).to_have_attribute("width", "800")
    small = (await button.bounding_box())["height"]
    await button.focus()
    await tab.press("Enter")
    await expect(button).to_have_attribute("aria-expanded", "true")
    assert (await button.bounding_box())["height"] > small * 2


@pytest.mark.parametrize("media_type", ["image/svg+xml", "image/png"])
async def test_an_svg_is_never_drawn_whatever_it_says_to_be(open_tab, receiver, media_type):
    tab = await conversation(open_tab, receiver, blob(media_type, SVG))
    await expect(tab.find(".conversation")).to_contain_text(f"picture {media_type}, 195 B")
    await expect(tab.find(".picture")).to_have_count(0)
    await tab.is_safe()


@pytest.mark.parametrize(
    "content, why",
    [
        (png_of(60_000, 60_000), "not shown: it has 60000 x 60000 pixels"),
        (picture("PNG", (300, 300))[:200], "not shown: it is damaged, or was cut off"),
    ],
    ids=["bomb", "cut"],
)
async def test_what_cannot_be_drawn_says_why(open_tab, receiver, content, why):
    tab = await conversation(open_tab, receiver, blob("image/png", content))
    await expect(tab.find(".conversation")).to_contain_text(why)


async def test_a_picture_that_lies_elsewhere_is_not_loaded(open_tab, receiver):
    elsewhere = {"type": "uri", "modality": "image", "uri": "https://evil.example/pixel.png"}
    tab = await conversation(open_tab, receiver, elsewhere)
    await expect(tab.find(".conversation")).to_contain_text("https://evil.example/pixel.png")
    assert not [request for request in tab.requests if "evil" in request]


async def test_a_tools_result_shows_its_pictures(open_tab, receiver, story):
    content = [{"type": "text", "text": "a chart"}, {"type": "image", "mimeType": "image/png", "data": picture("PNG")}]
    told = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "draw"}
    with story.span("execute_tool draw", told | {"gen_ai.tool.call.result": json.dumps(content)}):
        pass
    tab = await open_tab(receiver, f"#/traces/{story.send()}")
    await tab.role("treegrid").get_by_role("row").filter(has_text="execute_tool draw").click()
    tool = tab.find("[aria-label=Event]").get_by_label("The tool")
    await expect(tool.locator(".picture canvas")).to_have_attribute("width", "64")


async def test_a_receiver_with_a_key_shows_pictures_too(open_tab, start):
    locked = start(key="the-right-key")
    tab = await conversation(open_tab, locked, blob("image/png", picture("PNG")), headers=locked.headers)
    tab.provokes("status of 401")
    await tab.role("dialog", "API key").get_by_label("API key").fill(locked.key)
    await tab.press("Enter")
    await expect(tab.find(".picture canvas")).to_have_attribute("width", "64")
