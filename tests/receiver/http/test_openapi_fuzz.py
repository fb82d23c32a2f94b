"""The description against the running receiver, by schemathesis: requests that fit it, and requests that do not.

No answer is a 5xx, each has a code, a content type, headers and a body as described; what fits is taken, what does not
is refused, and nothing without a key. The data are the same in each run of the same code. Live events, whose answer has
no end, are left to test_live.py.
"""

import json
import os
import re
import threading
import time
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mapping.ids import event_id
from mapping.json.events import EventRequest
from storage.read.calls import ListCursor, Position, write_list_cursor
from storage.read.paging import write_cursor

try:
    import schemathesis
    from jsonschema_rs import is_valid
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi.checks import negative_data_rejection
except ModuleNotFoundError:
    if os.environ.get("CI"):
        raise
    pytest.skip("schemathesis is missing: run tests/install.sh", allow_module_level=True)

KEY = "key-of-the-test"
SENT = {"Authorization": f"Bearer {KEY}"}
TRACE = "f605b431ae434e4b91947d3cf2ed4f16"
AT = "2026-01-07T19:00:00Z"
EVENTS = [
    {
        "event_id": f"event {number}",
        "timestamp": f"2026-01-07T19:00:0{number}Z",
        "trace_id": TRACE,
        "session_id": "session",
        "properties": {"tool_name": "bank", "output": "an apple was refused"},
    }
    for number in range(5)
]
STORED = {"traces": TRACE, "events": "event 1", "sessions": "session", "calls": event_id("event 1")}

# Of a bad event in a batch the answer says what was wrong with it. Of queries schemathesis takes some for wrong that
# are not: a value that is not sent at all, or one that may be empty and is not. `fits` says which are.
NOT_HELD = {"POST /api/v1/events/batch", "GET"}

PLACES = st.integers(-(2**63), 2**63 - 1)
# A cursor is any place in a list: well-formed ones need not come from a page. Each is of one list and order, of which
# the format cannot know, and those of calls and sessions say more.
schemathesis.openapi.format("cursor", st.text(min_size=1))
POSITIONS = st.builds(
    ListCursor, st.builds(Position, PLACES, st.text(), st.text()), st.none() | PLACES, st.none() | PLACES
)
LISTS = {
    "GET /api/v1/traces": lambda query: f"traces {query.get('sort') or 'start'}",
    "GET /api/v1/traces/{id}": lambda _: "events of a trace",
    "GET /api/v1/traces/{id}/conversation": lambda query: f"trace conversation {query.get('from') or 'end'}",
    "GET /api/v1/events": lambda _: "events",
    "GET /api/v1/sessions": lambda query: f"sessions {sessions_by(query)}",
    "GET /api/v1/sessions/{id}/conversation": lambda query: f"session conversation {query.get('from') or 'end'}",
    "GET /api/v1/search": lambda _: "search",
    "GET /api/v1/alerts": lambda _: "alerts",
}


def sessions_by(query):
    sort = query.get("sort") or "start"
    return "latest" if sort == "start" and not (query.get("filter") or "").strip() else sort


@st.composite
def cursors(draw, label, query):
    """A cursor of the list and the order that are asked for."""
    if label == "GET /api/v1/calls":
        return write_list_cursor(draw(POSITIONS), query.get("sort") or "start")
    of, last = LISTS[label](query), draw(st.text())
    return write_cursor(draw(PLACES), json.dumps([last, last]) if of == "sessions latest" else last, of)


schemathesis.openapi.format(
    "filter",
    st.lists(
        st.sampled_from(["agent:a*", "-status:failed", "cost>0.1", "tool:bank", "error:timeout", "user:ann", "apple"])
        | st.builds('"{}"={}'.format, st.text("ab. ", max_size=5), st.sampled_from(["*", '"x y"', "1"])),
        max_size=4,
    ).map(" ".join),
)
schemathesis.openapi.format(
    "filter of calls",
    st.lists(
        st.sampled_from(["tool:b*", "-status:ok", "cost>0.1", "model:x", "error:timeout", "apple"]), max_size=4
    ).map(" ".join),
)


@pytest.fixture(scope="module")
def process(serve_shared):
    """A receiver whose events are indexed. What it logs must not be an error."""
    process = serve_shared(AUTH_API_KEYS=KEY, EMBEDDING_MODEL="minilm").started()
    logged = []
    # Its log has to go somewhere, or it waits for somebody who reads it.
    reads = threading.Thread(target=lambda: logged.extend(process.process.stderr), daemon=True)
    reads.start()
    status, told = process.ask("POST", "/api/v1/events/batch", {"events": EVENTS}, SENT)
    assert (status, told["ingested"]) == (200, len(EVENTS))
    wait_for_index(process)
    yield process
    process.process.terminate()
    assert process.process.wait(15) == 0
    reads.join(5)
    assert not [line for line in logged if "Traceback" in line or "ERROR" in line], "".join(logged)


def wait_for_index(process):
    until = time.monotonic() + 60
    while not indexed(process.ask("GET", "/api/v1/stats", None, SENT)[1]):
        assert time.monotonic() < until
        time.sleep(0.05)


def indexed(stats):
    return stats["index_state"] == "ready" and not stats["index_pending"] + stats["interpretation_pending"]


@pytest.fixture(scope="module")
def described(process):
    described = schemathesis.openapi.from_url(f"{process.url}/api/v1/openapi.json", headers=SENT)
    described.validate()
    return described


def hold(subtests, described, mode, count, **which):
    """Send examples of each of the operations, and hold the answers against their descriptions."""
    operations = [found.ok() for found in described.include(**which).get_all_operations()]
    assert operations
    for operation in operations:
        with subtests.test(operation.label):
            examples(operation, mode, count)()


def examples(operation, mode, count):
    """Return a test of one operation. What fits asks for what is stored every other time."""
    excluded = [negative_data_rejection] if NOT_HELD & {operation.label, operation.method.upper()} else []

    @settings(
        max_examples=count,
        deadline=None,  # others use the machine, too
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),  # data that do not fit are found by trying
    )
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans(), data=st.data())
    def holds(case, known, data):
        assume(not mode.is_positive or operation.label != "POST /api/v1/events" or says_something(case.body))
        # What is looked for may be grouped, and what is listed is in pages.
        if operation.label == "GET /api/v1/search" and mode.is_positive:
            assume(not case.query.get("cursor" if case.query.get("q") else "group_by"))
        if mode.is_positive and (case.query or {}).get("cursor"):
            case.query["cursor"] = data.draw(cursors(operation.label, case.query))
        if known and mode.is_positive and "id" in case.path_parameters:
            case.path_parameters["id"] = STORED[operation.tags[0]]
        answer = case.call_and_validate(headers=SENT, excluded_checks=excluded)
        if operation.method == "get":
            assert answer.status_code == 400 or fits(answer.request.url, operation.definition.raw["parameters"])

    return holds


def says_something(event):
    """Return whether any field has a value. Others are refused, which a schema could say only at great length."""
    return any(event.get(field) not in (None, "", {}) for field in EventRequest.__struct_fields__)


def fits(url, rows):
    """Return whether a URL's query is as described. A cursor may be any text: only the store knows valid ones."""
    schemas = {row["name"]: row["schema"] for row in rows if row["in"] == "query"}
    query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    names = [name for name, _ in query]
    return (
        set(names) <= set(schemas)
        and len(names) == len(set(names))
        and all(
            not text or is_valid(schemas[name], value_of(text, schemas[name]), validate_formats=True)
            for name, text in query
        )
    )


def value_of(text, schema):
    """Return what a text in a query stands for."""
    if schema["type"] == "integer" and re.fullmatch("[0-9]+", text):
        return int(text)
    return {"true": True, "false": False}.get(text, text) if schema["type"] == "boolean" else text


MODES = pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)


@MODES
def test_what_is_stored_is_read(described, subtests, mode):
    hold(subtests, described.exclude(tag="live"), mode, 12, method="GET")


@MODES
def test_events_are_sent(described, subtests, mode):
    hold(subtests, described, mode, 25, method="POST", tag="events")


@MODES
def test_traces_are_pruned(described, subtests, mode):
    hold(subtests, described, mode, 25, tag="prune")


@MODES
def test_the_index_is_filled_anew(described, subtests, mode):
    hold(subtests, described, mode, 10, tag="reindex")
