"""OTLP/HTTP 1.11, row by row: bad data, partial success, error bodies, which errors ask to come again."""

import pytest

from mapping.errors import Code, Problem

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def failing(receiver, monkeypatch):
    """Let the store raise an error, whatever it is asked to write."""

    def fail(error):
        async def write(_events):
            raise error

        monkeypatch.setattr(receiver.storage.writer, "write", write)
        return receiver

    return fail


class TestBadData:
    """400 with a message a person can act on; malformed input is never 5xx."""

    @pytest.mark.parametrize("body", [b"1234", b"\xff" * 50, b"{", b"[]", b"null", b'"text"', b"<html>", b"\x00"])
    async def test_that_does_not_decode_is_400(self, receiver, sender, body):
        answer = await receiver.post(sender.path, body, sender.content_type)
        status = sender.parse_status(answer.body)
        assert (answer.status, status.code) == (400, 3)
        assert "body: expected" in status.message

    async def test_in_the_other_encoding_is_400(self, receiver, sender):
        other = "application/json" if sender.is_protobuf else "application/x-protobuf"
        assert (await receiver.post(sender.path, sender.body(sender.item()), other)).status == 400


class TestPartialSuccess:
    """200 with the rejected count and the first reasons; the rest stored."""

    async def test_counts_and_explains_what_was_not_stored_and_stores_the_rest_once(self, fresh, spans):
        for _ in range(2):  # as an exporter does that did not read the first answer
            answer = await spans.to(
                fresh, spans.item(1), spans.item(2, spanId=""), spans.item(3), spans.item(4, traceId="")
            )
            partial = spans.parse(answer.body).partial_success
            assert (answer.status, partial.rejected_spans) == (200, 2)
            assert partial.error_message.startswith("2 of 4 were not stored: ")
            assert "spanId: expected" in partial.error_message
            assert "traceId: expected" in partial.error_message
            assert answer.headers["Content-Type"] == spans.content_type
        events = (await fresh.read("/api/v1/events"))["events"]
        assert sorted(event["span_id"] for event in events) == [f"{1:016x}", f"{3:016x}"]

    async def test_counts_what_the_store_refuses(self, fresh, sender, monkeypatch):
        write = fresh.storage.writer.write

        async def refuse_the_second(events):
            outcomes = await write([events[0], *events[2:]])
            return [outcomes[0], Problem(Code.INVALID_ARGUMENT, "no room for it"), *outcomes[1:]]

        monkeypatch.setattr(fresh.storage.writer, "write", refuse_the_second)
        answer = await sender.to(fresh, *map(sender.item, (1, 2, 3)))
        response = sender.parse(answer.body)
        assert (answer.status, sender.rejected(response)) == (200, 1)
        assert response.partial_success.error_message == "1 of 3 were not stored: no room for it"
        assert (await fresh.read("/api/v1/stats"))["events"] == 2

    async def test_counts_a_span_once_however_many_of_its_events_the_store_refuses(self, receiver, spans, monkeypatch):
        async def refuse(events):
            return [Problem(Code.INVALID_ARGUMENT, f"{event.kind} is refused") for event in events]

        monkeypatch.setattr(receiver.storage.writer, "write", refuse)
        answer = await spans.to(receiver, spans.item(1, events=[{"name": "a"}, {"name": "b"}]), spans.item(2))
        assert spans.rejected(spans.parse(answer.body)) == 2


STATUSES = {
    Code.INVALID_ARGUMENT: (400, 3),
    Code.UNAUTHENTICATED: (401, 16),
    Code.PERMISSION_DENIED: (403, 7),
    Code.UNIMPLEMENTED: (404, 12),
    Code.RESOURCE_EXHAUSTED: (413, 8),
    Code.UNAVAILABLE: (503, 14),
    Code.INTERNAL: (500, 13),
}


class TestErrors:
    """google.rpc.Status in the request's encoding; only 503 asks to come again."""

    @pytest.mark.parametrize("code", STATUSES)
    async def test_are_statuses_in_the_requests_encoding(self, failing, sender, code):
        answer = await sender.to(failing(Problem(code, "what was wrong")), sender.item())
        status = sender.parse_status(answer.body)
        assert (answer.status, status.code) == STATUSES[code]
        assert status.message == "what was wrong"
        assert answer.headers["Content-Type"] == sender.content_type
        assert ("Retry-After" in answer.headers) == (code is Code.UNAVAILABLE)

    async def test_of_a_store_that_is_away_say_how_many_seconds_to_wait(self, failing, sender):
        receiver = failing(Problem(Code.UNAVAILABLE, "the database does not answer", retry_after=7))
        answer = await sender.to(receiver, sender.item())
        assert (answer.status, answer.headers["Retry-After"]) == (503, "7")

    async def test_of_a_store_that_opens_ask_to_come_again(self, start, sender):
        receiver = await start(opened=False)
        answer = await sender.to(receiver, sender.item())
        assert answer.status == 503
        assert 1 <= int(answer.headers["Retry-After"]) <= 5
        assert "being opened" in sender.parse_status(answer.body).message

    async def test_of_the_receivers_own_are_logged_with_a_traceback_and_told_without(self, failing, sender, caplog):
        answer = await sender.to(failing(RuntimeError("a detail of ours")), sender.item())
        status = sender.parse_status(answer.body)
        assert (answer.status, status.code) == (500, 13)
        assert "detail" not in status.message
        assert "Retry-After" not in answer.headers
        assert "RuntimeError: a detail of ours" in caplog.text
