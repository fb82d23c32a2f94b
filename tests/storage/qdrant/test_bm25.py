"""Exact things are found exactly, and words in another form."""

import time
import uuid

import pytest

from storage.filters import SearchFilter
from storage.qdrant.base import Point
from storage.qdrant.bm25 import document_vector, exact_things, query_vector, things

# What is looked for, and texts that have the same parts in another order, oftener, or in less text.
EXACT = [
    ("ORD-2024-00017", ["ORD 00017 2024", "order 2024-00017-ORD", "ORD-00017-2024 ORD-00017-2024"]),
    ("#A-1029-77", ["A-77-1029", "1029 a 77 a 1029"]),
    ("ERR_CONNECTION_4032", ["connection err 4032", "ERR_4032_CONNECTION", "err err connection connection 4032 4032"]),
    ("E_NOT_FOUND", ["not found e", "NOT_E_FOUND"]),
    ("/srv/app/server.py", ["app srv py server", "/app/srv/py.server", "server py srv app server py"]),
    ("server.py", ["py server py server", "/srv/py/server"]),
    ("C:\\Users\\bob\\notes.txt", ["c users notes bob txt", "bob\\Users\\c txt.notes"]),
    ("10.0.0.1:8080", ["0.10.1.0 8080", "8080 1 0 0 10"]),
    ("1.2.10", ["10.2.1", "2.1.10 10.1.2"]),
    ("bob.smith@example.com", ["smith bob example com", "smith.bob@com.example"]),
    ("get_orders", ["get_order get_order", "orders get", "get order"]),
    ("getUsers", ["getUser getUser", "users get", "get user"]),
    ("gpt-4o-mini", ["mini gpt 4o", "4o-gpt-mini"]),
    ("4f2a9c1b7d3e5f60", ["4f2a9c1b7d3e5f61", "4f2a9c1b 7d3e5f60"]),
    (
        "7f9c24e8-3b2a-4c1d-9e5f-0a1b2c3d4e5f",
        ["3b2a-7f9c24e8-4c1d-9e5f-0a1b2c3d4e5f", "0a1b2c3d4e5f 9e5f 4c1d 3b2a 7f9c24e8"],
    ),
    ("https://api.example.com/v1/orders?id=9", ["v1 api com example orders id 9 https", "example.api.com/orders/v1"]),
]
FILLER = "the agent called a tool and waited for its answer, which came after a while and was passed on to the user"
EAST = [1.0, 0.0, 0.0, 0.0]


def name(number: int) -> str:
    return str(uuid.UUID(int=number))


@pytest.mark.parametrize("exact, decoys", EXACT)
async def test_the_exact_thing_comes_first_by_words_whatever_stands_around_it(index, exact, decoys):
    around = ["{}", "see {}.", "({}, please)", 'order_id="{}";', FILLER + " {} " + FILLER]
    for number, frame in enumerate(around):
        texts = [frame.format(exact), *decoys, *decoys, *[FILLER] * 20]
        payload = {"agent_id": str(number)}
        await index.upsert([Point(name(100 * number + n), EAST, text, payload) for n, text in enumerate(texts)])
    for number, frame in enumerate(around):
        for query in (exact, f"what happened to {exact}?"):
            hits = await index.search_words(query, SearchFilter(agent_id=str(number)), 3)
            assert hits[0].id == name(100 * number), (query, frame)


@pytest.mark.parametrize(
    "query, text",
    [
        ("refunded", "it refunds"),
        ("user", "getUserById"),
        ("user", "get_user_by_id"),
        ("4032", "ERR_CONNECTION_4032"),
        ("server", "/srv/app/server.py"),
        ("example.com", "mail to bob@example.com"),
        ("10.0.0.1", "from 10.0.0.1:8080"),
        ("ORD-2024-00017", "GET /orders/ORD-2024-00017/lines"),
        ("cafe", "naïve café"),
        ("ДЕНЕГ", "платёж отклонён, нет денег"),
        ("not", "it does not answer"),
    ],
)
def test_a_query_meets_a_text(query, text):
    assert set(query_vector(query).indices) & set(document_vector(text).indices)


@pytest.mark.parametrize(
    "query, text", [("refund", "weather"), ("ORD-2024-00017", "a b c"), ("", "a"), ("?! ...", "?! ...")]
)
def test_a_query_misses_a_text(query, text):
    assert not set(query_vector(query).indices) & set(document_vector(text).indices)


def test_case_does_not_matter():
    assert sorted(query_vector("ORD-2024-A NAÏVE").indices) == sorted(query_vector("ord-2024-a naïve").indices)


def test_a_token_counts_once_in_a_query():
    once, twice = query_vector("get_orders failed"), query_vector("get_orders failed get_orders failed")
    assert dict(zip(once.indices, once.values, strict=True)) == dict(zip(twice.indices, twice.values, strict=True))


@pytest.mark.parametrize("unit", ["a", "a-", "ab_", "aB", "/", "a/b:", "-"])
def test_a_long_run_without_spaces_takes_no_long_time(unit):
    began = time.process_time()
    vector = document_vector(f"refund {unit * 100_000}")
    assert time.process_time() - began < 5
    assert set(query_vector("refund").indices) <= set(vector.indices)


@pytest.mark.parametrize("exact", [exact for exact, _ in EXACT])
def test_a_text_has_the_exact_things_that_a_query_for_them_names(exact):
    assert exact_things(exact)
    assert things(f"({exact}), it says") >= set(exact_things(exact))


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("what became of ORD-48213?", ["ord-48213"]),
        ("calls of lookup_order that failed yesterday", ["lookup_order"]),
        ("why does /srv/app/x.py need so much memory", ["srv/app/x.py"]),
        ("span 5b8aa5a2d2c872e8", ["5b8aa5a2d2c872e8"]),
        ("the message 88213 is held in quarantine", ["88213"]),
        ("503", ["503"]),
        ("error 503", ["503"]),
        ("page could not be fetched, and it was not a 404", []),
        ("answered within 3 days", []),
        ("fox in the garden at 23:17, on camera", []),
        ("the follow-up of a well-known customer, e.g. by mail and/or phone", []),
        ("PayPal payments that were refunded to somebody", []),
        ("PayPal", ["paypal"]),
        ("no machine could be started: VcpuLimitExceeded", ["vcpulimitexceeded"]),
        ("", []),
        ("?! ...", []),
    ],
)
def test_a_query_names_exact_things(query, named):
    assert exact_things(query) == named


def test_identifiers_are_found_as_a_whole_and_not_by_their_parts():
    vector = document_vector("refund", ["3f2a1b00-4213-4c1d-9e5f-0a1b2c3d4e5f", "ORD-48213"])
    assert set(query_vector("ORD-48213").indices) & set(vector.indices)
    assert not set(query_vector("4213").indices) & set(vector.indices)
