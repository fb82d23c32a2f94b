"""The web page's files: served as they are, to anybody, under a policy that lets nothing else run."""

import gzip

import pytest
import pytest_asyncio

from receiver.http.page import FOLDER

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guarded(start_shared):
    return await start_shared(data="guarded", keys=["one"])


def path_of(file):
    return "/" if file == "index.html" else f"/{file}"


@pytest.mark.parametrize("file", FILES)
async def test_each_file_is_served_without_a_key(guarded, file):
    answer = await guarded.get(path_of(file), accept_encoding="identity")
    assert (answer.status, answer.body) == (200, (FOLDER / file).read_bytes())
    assert answer.headers["Content-Type"] != "application/octet-stream"


@pytest.mark.parametrize(
    "accepted, is_packed",
    [("gzip", True), ("br, GZIP;q=0.5", True), ("gzip;q=0, br", False), ("identity", False), ("xgzip", False)],
)
async def test_a_file_is_compressed_for_who_takes_gzip(guarded, accepted, is_packed):
    plain = (FOLDER / "assets" / "app.js").read_bytes()
    answer = await guarded.get("/assets/app.js", accept_encoding=accepted)
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers.get("Content-Encoding") == ("gzip" if is_packed else None)
    assert (gzip.decompress(answer.body) if is_packed else answer.body) == plain
    other = await guarded.get("/assets/app.js", accept_encoding="identity" if is_packed else "gzip")
    assert answer.headers["ETag"] != other.headers["ETag"]


async def test_the_page_is_html_under_a_policy_without_inline_scripts_or_other_hosts(receiver):
    answer = await receiver.get("/")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy.pop("default-src") == "'none'"
    assert set(policy.values()) == {"'self'", "'none'"}
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_a_browser_that_has_the_file_is_not_sent_it_again(receiver):
    first = await receiver.get("/")
    assert first.headers["Cache-Control"] == "no-cache"
    tag = first.headers["ETag"]
    for given in (tag, f"W/{tag}", f'"another", {tag}', "*"):
        again = await receiver.get("/", if_none_match=given)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    assert (await receiver.get("/", if_none_match='"another"')).status == 200


async def test_head_gives_the_headers_alone(receiver):
    shown, headed = await receiver.get("/"), await receiver.send("HEAD", "/")
    assert (headed.status, headed.body) == (200, b"")
    assert headed.headers["Content-Length"] == str(len(shown.body))
    assert headed.headers["ETag"] == shown.headers["ETag"]


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/nothing.js",
        "/assets/../index.html",
        "/assets/../../server.py",
        "/assets/%2e%2e/%2e%2e/server.py",
        "/assets/..%2F..%2Fserver.py",
        "/assets/..%5C..%5Cserver.py",
        "/assets//etc/passwd",
        "/assets/%2Fetc%2Fpasswd",
        "/assets/app.js%00",
        "/index.html",
    ],
)
@pytest.mark.parametrize("key", ["one", None])
async def test_a_path_leads_to_no_other_file(guarded, path, key):
    given = f"X-API-Key: {key}\r\n" if key else ""
    told = await guarded.raw(f"GET {path} HTTP/1.1\r\nHost: h\r\n{given}Connection: close\r\n\r\n".encode())
    head, _, body = told.partition(b"\r\n\r\n")
    assert head.split()[1] in ({b"404", b"400"} if key else {b"404", b"400", b"401"})
    assert len(body) < 300


@pytest.mark.parametrize(
    "path", ["/assets/../api/v1/stats", "/assets/%2e%2e/api/v1/stats", "/assets/..%2Fapi/v1/stats"]
)
async def test_the_open_folder_is_no_way_around_the_key(guarded, path):
    told = await guarded.raw(f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
    assert told.split()[1] in {b"401", b"404"}
    assert b"index_pending" not in told


async def test_only_reading_is_allowed(receiver):
    answer = await receiver.post("/", b"{}")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
