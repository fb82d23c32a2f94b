"""The table of OTLP/HTTP behaviour (specification 1.11), row by row, for both signals in both encodings."""

import json

import pytest

from mapping.errors import Code, Problem

pytestmark = pytest.mark.asyncio(loop_scope="module")

METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]


async def stored(receiver):
    return (await receiver.read("/api/v1/stats"))["events"]


class TestSuccess:
    async def test_is_200_with_an_empty_message_in_the_requests_encoding(self, fresh, sender):
        answer = await sender.to(fresh, sender.item())
        assert (answer.status, answer.body) == (200, b"" if "protobuf" in sender.content_type else b"{}")
        assert answer.headers["Content-Type"] == sender.content_type  # bare: no charset
        assert await stored(fresh) == 1

    async def test_is_told_of_an_item_that_is_stored_already(self, fresh, sender):
        for _ in range(2):
            answer = await sender.to(fresh, sender.item())
            assert sender.rejected(sender.parse(answer.body)) == 0
        assert await stored(fresh) == 1

    @pytest.mark.parametrize("request_", [{}, "no resources", "no items"])
    async def test_is_told_of_an_empty_request(self, receiver, sender, request_):
        resources, scopes, _ = sender.path_to_items
        shapes = {"no resources": {resources: []}, "no items": {resources: [{scopes: [{}]}]}}
        body = sender.encode(shapes[request_] if request_ else {})
        assert (await receiver.post(sender.path, body, sender.content_type)).status == 200


class TestMethod:
    @pytest.mark.parametrize("method", METHODS)
    async def test_other_than_post_is_405_before_the_content_type_is_looked_at(self, receiver, sender, method):
        answer = await receiver.send(method, sender.path, content_type="text/plain")
        assert answer.status == 405
        assert answer.headers["Allow"] == "POST"

    async def test_error_comes_in_the_requests_encoding(self, receiver, sender):
        answer = await receiver.send("PUT", sender.path, content_type=sender.content_type)
        assert sender.parse_status(answer.body).message == f"PUT {sender.path}: expected POST"


class TestContentType:
    @pytest.mark.parametrize("form", ["{}", "{}; charset=utf-8", "{} ;charset=UTF-8", " {}"])
    @pytest.mark.parametrize("case", [str.lower, str.upper])
    async def test_counts_without_case_and_parameters(self, receiver, sender, form, case):
        answer = await receiver.post(sender.path, sender.body(), case(form.format(sender.content_type)))
        assert answer.status == 200
        assert answer.headers["Content-Type"] == sender.content_type

    @pytest.mark.parametrize(
        "given", [None, "", "text/plain", "application/protobuf", "json", "application/jsonx", ";"]
    )
    async def test_that_is_none_of_the_two_is_415_as_json(self, receiver, sender, given):
        answer = await receiver.post(sender.path, sender.body(), given)
        assert answer.status == 415
        assert answer.headers["Content-Type"] == "application/json"
        status = answer.json()
        assert status["code"] == 3
        assert "application/x-protobuf or application/json" in status["message"]


class TestPath:
    @pytest.mark.parametrize("path", ["/v1/metrics", "/v1development/profiles"])
    async def test_of_a_signal_that_is_not_stored_says_which_are(self, receiver, sender, path):
        answer = await receiver.post(path, b"", sender.content_type)
        status = sender.parse_status(answer.body)
        assert (answer.status, status.code) == (404, 12)
        assert "not stored here; stored are traces (/v1/traces), logs (/v1/logs)" in status.message

    @pytest.mark.parametrize("path", ["/", "/v1", "/v1/traces/", "/v1/trace", "/v2/traces", "/favicon.ico"])
    async def test_that_nobody_serves_is_404_with_a_status(self, receiver, sender, path):
        answer = await receiver.post(path, b"", sender.content_type)
        assert (answer.status, sender.parse_status(answer.body).code) == (404, 12)


class TestBadData:
    async def test_that_does_not_decode_is_400_in_the_requests_encoding(self, receiver, sender):
        answer = await receiver.post(sender.path, b"1234", sender.content_type)
        assert answer.status == 400
        assert answer.headers["Content-Type"] == sender.content_type
        assert "Retry-After" not in answer.headers
        status = sender.parse_status(answer.body)
        assert status.code == 3
        assert "body: expected" in status.message

    @pytest.mark.parametrize("path", ["/v1/traces", "/v1/logs"])
    async def test_of_no_bytes_is_an_empty_message_in_protobuf_and_nothing_in_json(self, receiver, path):
        assert (await receiver.post(path, b"", "application/x-protobuf")).status == 200
        assert (await receiver.post(path, b"", "application/json")).status == 400

    @pytest.mark.parametrize("field", ["traceId", "spanId"])
    async def test_with_an_id_of_a_wrong_length_is_400(self, receiver, sender, field):
        answer = await sender.to(receiver, sender.item(1, **{field: "abcd"}))
        assert answer.status == 400
        assert f"{field}: expected" in sender.parse_status(answer.body).message

    async def test_of_the_other_signal_is_400_that_explains_it(self, receiver):
        body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "line"}]}]}]})
        answer = await receiver.post("/v1/traces", body)
        assert answer.status == 400
        assert "logs go to /v1/logs" in answer.json()["message"]


class TestPartialSuccess:
    async def test_counts_and_explains_what_was_not_stored_and_stores_the_rest(self, fresh, spans):
        answer = await spans.to(
            fresh, spans.item(1), spans.item(2, spanId=""), spans.item(3), spans.item(4, traceId="")
        )
        response = spans.parse(answer.body)
        assert answer.status == 200
        assert response.partial_success.rejected_spans == 2
        message = response.partial_success.error_message
        assert message.startswith("2 of 4 were not stored: ")
        assert "spanId: expected" in message
        assert "traceId: expected" in message
        assert await stored(fresh) == 2

    async def test_counts_a_span_once_however_many_of_its_events_the_store_refuses(self, receiver, spans, monkeypatch):
        async def refuse(events):
            return [Problem(Code.INVALID_ARGUMENT, f"{event.kind} is refused") for event in events]

        monkeypatch.setattr(receiver.storage.writer, "write", refuse)
        answer = await spans.to(receiver, spans.item(1, events=[{"name": "a"}, {"name": "b"}]), spans.item(2))
        assert spans.rejected(spans.parse(answer.body)) == 2


class TestStoreThatIsAway:
    async def test_is_503_with_the_seconds_to_wait(self, receiver, sender, monkeypatch):
        async def away(_events):
            raise Problem(Code.UNAVAILABLE, "the database does not answer", retry_after=7)

        monkeypatch.setattr(receiver.storage.writer, "write", away)
        answer = await sender.to(receiver, sender.item())
        assert (answer.status, answer.headers["Retry-After"]) == (503, "7")
        assert sender.parse_status(answer.body).code == 14

    async def test_is_said_while_it_opens(self, start, sender):
        receiver = await start(opened=False)
        answer = await sender.to(receiver, sender.item())
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "being opened" in sender.parse_status(answer.body).message


async def test_a_fault_of_the_receiver_is_logged_with_its_traceback_and_told_without(
    receiver, sender, monkeypatch, caplog
):
    async def break_down(_events):
        raise RuntimeError("a detail of ours")

    monkeypatch.setattr(receiver.storage.writer, "write", break_down)
    answer = await sender.to(receiver, sender.item())
    status = sender.parse_status(answer.body)
    assert (answer.status, status.code) == (500, 13)
    assert "detail" not in status.message
    assert "Retry-After" not in answer.headers
    assert "RuntimeError: a detail of ours" in caplog.text
