"""The web page's own files: `/` and `/assets/...`. They contain no data and need no key (`receiver.http.auth`).

They are read once, at the start. A path is looked up in the table of these files, so none leads to another file.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

FOLDER = Path(__file__).parent.parent / "page"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ts": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
_ZERO = re.compile(r"q=0(\.0{0,3})?")
_OTHER = "application/octet-stream"

# The page shows untrusted data. Even if some of it became markup, it could load, run and send nothing.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
    # Asked again each time and answered with 304: after an update no browser mixes old files with new ones.
    "Cache-Control": "no-cache",
}


class _File(NamedTuple):
    content: bytes
    packed: bytes
    content_type: str
    tag: str


def routes() -> list[web.RouteDef]:
    """Return the routes of the files, with their present content."""
    files = {path.relative_to(FOLDER).as_posix(): _read(path) for path in FOLDER.rglob("*") if path.is_file()}

    async def page(request: web.Request) -> web.Response:
        return _answer(request, files["index.html"])

    async def asset(request: web.Request) -> web.Response:
        file = files.get(f"assets/{request.match_info['name']}")
        if file is None:
            raise web.HTTPNotFound
        return _answer(request, file)

    return [web.get("/", page), web.get("/assets/{name:.+}", asset)]


def _read(path: Path) -> _File:
    content = path.read_bytes()
    packed = gzip.compress(content, mtime=0)
    return _File(content, packed, _TYPES.get(path.suffix, _OTHER), hashlib.sha256(content).hexdigest()[:32])


def _answer(request: web.Request, file: _File) -> web.Response:
    is_packed = _takes_gzip(request)
    tag = f"{file.tag}-gzip" if is_packed else file.tag
    headers = {**_HEADERS, "ETag": f'"{tag}"'}
    if any(given.value in {tag, "*"} for given in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = file.content_type
    if is_packed:
        return web.Response(body=file.packed, headers={**headers, "Content-Encoding": "gzip"})
    return web.Response(body=file.content, headers=headers)


def _takes_gzip(request: web.Request) -> bool:
    """Return whether a client accepts gzip: it names it, without saying that it is the last that it wants (`q=0`)."""
    named = (entry.partition(";") for entry in request.headers.get("Accept-Encoding", "").lower().split(","))
    return any(name.strip() == "gzip" and not _ZERO.fullmatch(weight.replace(" ", "")) for name, _, weight in named)
