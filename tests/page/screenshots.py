"""Draws the pictures of docs/: each page in light and dark, and as a phone shows it, with the demo's made-up runs.

    .venv/bin/python tests/page/screenshots.py [FOLDER]

It needs what the tests in a browser need (tests/install.sh). The pictures are kept small, with 256 colours.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent.parent))  # the program, wherever this is started

import chromium
from PIL import Image
from program import ROOT, Program
from telling import EARLIER
from written import written

from receiver.cli import demo_telemetry
from receiver.cli.demo_story import RUNS
from storage.embedding import static

MOST = 150_000  # bytes of a picture
LOOKS: dict[str, dict[str, Any]] = {
    "": {},
    "-dark": {"dark": True},
    "-phone": {"viewport": chromium.PHONE, "device_scale_factor": 2},
}
# By name: the address, and what is there once the page is.
PAGES = {
    "overview": ("#/overview", ".charts rect"),
    "errors": ("#/overview", "main .table.errors tr"),
    "traces": ("#/traces", "main tbody tr"),
    "trace": ("#/traces/{tokyo[id]}?event={event}", "[aria-label=Event] .why"),
    "conversation": ("#/traces/{written}?view=conversation", ".conversation canvas"),
    "prompt": ("#/traces/{written}?event={rewritten}", ".since ins"),
    "sessions": ("#/sessions", "main tbody tr"),
    "session": ("#/sessions/{lisbon[session_id]}", ".conversation li"),
    "search": ("#/search?q=the+card+was+refused", ".results mark"),
    "calls": ("#/calls", "main tbody tr"),
    "compare": ("#/compare?a={failed}&b={deployed}&open={deploying}", ".side ins"),
    "live": ("#/live", "main [data-row]"),
}


# What is further down, and is brought to the top, and where the page's own bar ends.
FURTHER_DOWN = {"errors": "main h2:has(+ .table.errors)", "conversation": ".conversation .user"}
TO_THE_TOP = "it => { it.scrollIntoView(); scrollBy(0, -100); }"

# On a phone an event covers its trace, which is what there is to see.
ON_A_PHONE = {"trace": ("#/traces/{tokyo[id]}", ".waterfall-rows [role=row]")}


def tell(receiver: Program) -> dict[str, Any]:
    """Send the runs, the demo's own last; return what the addresses are made with."""
    for service, runs in EARLIER:
        demo_telemetry._RESOURCE = {"service.name": service}
        demo_telemetry.RUNS = runs
        demo_telemetry.send(receiver.url, {})
    demo_telemetry._RESOURCE = {"service.name": "travel-demo"}
    demo_telemetry.RUNS = RUNS
    demo_telemetry.send(receiver.url, {})
    receiver.indexed()
    traces = receiver.get("/api/v1/traces", service="travel-demo")["traces"]
    named = {trace["session_id"].split("-")[1]: trace for trace in traces}  # the newest first: of two, the first run's
    failed = {"trace_id": named["tokyo"]["id"], "event_type": "tool_call", "status": "error"}
    ended = {trace["status"]: trace["id"] for trace in receiver.get("/api/v1/traces", service="operations")["traces"]}
    deployments = {"failed": ended["failed"], "deployed": ended["completed"]}
    steps = receiver.get(f"/api/v1/traces/{ended['failed']}/compare", **{"with": ended["completed"]})["steps"]
    deploying = next(step["a"]["id"] for step in steps if step["kind"] == "tool" and step["a"] and step["b"])
    event = receiver.get("/api/v1/events", **failed)["events"][0]["id"]
    told = written(receiver.url)
    receiver.indexed()
    answered = receiver.get("/api/v1/events", trace_id=told, event_type="model_call")["events"][0]["id"]
    return {
        **named,
        **deployments,
        "deploying": deploying,
        "event": event,
        "written": told,
        "rewritten": answered,
    }


def small(picture: bytes) -> bytes:
    with Image.open(io.BytesIO(picture)) as drawn:
        few = drawn.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    to = io.BytesIO()
    few.save(to, "PNG", optimize=True)
    return to.getvalue()


async def draw(receiver: Program, folder: Path, named: dict[str, Any]) -> None:
    async with chromium.launched() as browser:
        for page, shown in PAGES.items():
            for look, options in LOOKS.items():
                address, there = ON_A_PHONE.get(page, shown) if look == "-phone" else shown
                tab = await chromium.open_tab(browser, receiver.url, **options)
                await tab.go(address.format(**named))
                await chromium.expect(tab.find(there).first).to_be_visible()
                await chromium.expect(tab.find(".loading")).to_have_count(0)
                if page in FURTHER_DOWN:
                    await tab.find(FURTHER_DOWN[page]).first.evaluate(TO_THE_TOP)
                await asyncio.sleep(0.5)  # what is drawn at the next moment: a chart, the rows in sight
                picture = small(await tab.page.screenshot())
                assert len(picture) < MOST, f"{page}{look}: {len(picture)} bytes"
                assert not tab.troubles, tab.troubles
                (folder / f"{page}{look}.png").write_bytes(picture)
                await tab.page.context.close()


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        static.folder(Path(scratch) / "models", lambda *_: None)
        receiver = Program(Path(scratch) / "receiver", models=Path(scratch) / "models")
        try:
            asyncio.run(draw(receiver, folder, tell(receiver)))
        finally:
            receiver.stop()


if __name__ == "__main__":
    main()
