"""Log records that are equal in every byte: as many as were sent at the same time, and no more when they come again."""

import asyncio
import json
from contextlib import ExitStack

import pytest

from mapping.errors import Code, Problem
from receiver.http.equal_requests import EqualRequests


class Sender:
    def __init__(self):
        self.waits = True

    def __call__(self):
        return self.waits


def numbered(equals, stack, body=b"line", sender=None):
    return stack.enter_context(equals.numbered(body, sender or Sender()))


def fails(equals):
    with equals.numbered(b"line", Sender()) as number:
        assert number == 1
        raise Problem(Code.UNAVAILABLE, "full")


class TestNumbers:
    def test_tell_those_apart_that_are_under_way_at_the_same_time(self):
        equals = EqualRequests()
        with ExitStack() as stack:
            assert [numbered(equals, stack) for _ in range(5)] == [0, 1, 2, 3, 4]
            assert numbered(equals, stack, b"another") == 0
        with ExitStack() as stack:
            assert numbered(equals, stack) == 0

    def test_of_whoever_hung_up_go_to_the_one_that_comes_again(self):
        equals, gone = EqualRequests(), Sender()
        with ExitStack() as stack:
            assert numbered(equals, stack, sender=gone) == 0
            assert numbered(equals, stack) == 1
            gone.waits = False
            assert numbered(equals, stack) == 0
            assert numbered(equals, stack) == 2

    def test_of_what_failed_go_to_the_one_that_comes_again(self):
        equals = EqualRequests()
        with ExitStack() as stack:
            numbered(equals, stack)
            with pytest.raises(Problem):
                fails(equals)
        with ExitStack() as stack:
            assert [numbered(equals, stack) for _ in range(2)] == [1, 0]

    def test_of_what_was_answered_to_nobody_go_to_the_one_that_comes_again(self):
        equals, gone = EqualRequests(), Sender()
        with ExitStack() as stack:
            numbered(equals, stack)
            with equals.numbered(b"line", gone):
                gone.waits = False
        with ExitStack() as stack:
            assert numbered(equals, stack) == 1

    def test_are_not_given_to_large_requests(self):
        equals = EqualRequests()
        with ExitStack() as stack:
            assert [numbered(equals, stack, bytes(100_000)) for _ in range(2)] == [0, 0]


STAMPED = {"timeUnixNano": "1767812400001000000", "observedTimeUnixNano": "1767812400001000000"}


def body_of(*lines):
    records = [{**STAMPED, "body": {"stringValue": line}} for line in lines]
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})


async def stored(receiver):
    return (await receiver.read("/api/v1/stats"))["events"]


@pytest.mark.asyncio(loop_scope="module")
class TestEqualLines:
    async def test_that_are_sent_at_once_are_as_many_and_no_more_when_they_come_again(self, fresh):
        answers = await asyncio.gather(*[fresh.post("/v1/logs", body_of("line")) for _ in range(5)])
        assert {answer.status for answer in answers} == {200}
        assert await stored(fresh) == 5
        for _ in range(3):  # one after the other, after the answers
            assert (await fresh.post("/v1/logs", body_of("line"))).status == 200
        await asyncio.gather(*[fresh.post("/v1/logs", body_of("line")) for _ in range(5)])
        assert await stored(fresh) == 5

    @pytest.mark.parametrize("lines", [("line", "line"), ("line", "other")])
    async def test_of_a_batch_that_is_sent_twice_at_once_are_not_more(self, fresh, lines):
        await asyncio.gather(*[fresh.post("/v1/logs", body_of(*lines)) for _ in range(3)])
        assert await stored(fresh) == 2

    @pytest.mark.parametrize("observed", [None, "1767812400001000001"])
    async def test_of_a_clock_of_nanoseconds_or_of_none_are_the_same(self, fresh, observed):
        body = body_of("line").replace(STAMPED["observedTimeUnixNano"], observed or "0")
        await asyncio.gather(*[fresh.post("/v1/logs", body) for _ in range(3)])
        assert await stored(fresh) == 1

    async def test_in_one_request_are_as_many(self, fresh):
        for _ in range(2):
            await fresh.post("/v1/logs", body_of("line", "line", "other"))
        assert await stored(fresh) == 3
