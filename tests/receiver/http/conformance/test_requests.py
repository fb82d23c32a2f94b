"""OTLP/HTTP 1.11, row by row, both signals in both encodings: method, content type, success, empty request, path."""

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TestMethod:
    """Anything but POST: 405 (checked before content type), `Allow: POST`."""

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
    async def test_other_than_post_is_405_before_the_content_type_is_looked_at(self, receiver, sender, method):
        answer = await receiver.send(method, sender.path, content_type="text/plain")
        assert answer.status == 405
        assert answer.headers["Allow"] == "POST"

    async def test_error_comes_in_the_requests_encoding(self, receiver, sender):
        answer = await receiver.send("PUT", sender.path, content_type=sender.content_type)
        assert sender.parse_status(answer.body).message == f"PUT {sender.path}: expected POST"


class TestContentType:
    """The two types, letter case and parameters ignored; else, or none: 415."""

    @pytest.mark.parametrize("form", ["{}", "{}; charset=utf-8", "{} ;charset=UTF-8", " {}"])
    @pytest.mark.parametrize("case", [str.lower, str.upper])
    async def test_counts_without_case_and_parameters(self, receiver, sender, form, case):
        answer = await receiver.post(sender.path, sender.body(), case(form.format(sender.content_type)))
        assert answer.status == 200

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


class TestAnswersType:
    """Mirrors the request, bare: the Collector's exporter compares the whole string."""

    @pytest.mark.parametrize("parameter", ["", "; charset=utf-8"])
    async def test_is_the_requests_and_bare(self, receiver, sender, parameter):
        good = await receiver.post(sender.path, sender.body(), sender.content_type + parameter)
        bad = await receiver.post(sender.path, b"1234", sender.content_type + parameter)
        assert (good.status, bad.status) == (200, 400)
        assert good.headers["Content-Type"] == bad.headers["Content-Type"] == sender.content_type


class TestPath:
    """The signal's, with or without a slash at its end: never a redirect, which exporters follow with an empty GET."""

    @pytest.mark.parametrize("form", ["/v1/{}", "/v1/{}/", "/%761/{}/"])
    async def test_with_a_slash_at_its_end_stores_as_without(self, fresh, sender, form):
        answer = await fresh.post(form.format(sender.signal), sender.body(sender.item()), sender.content_type)
        assert (answer.status, answer.headers["Content-Type"]) == (200, sender.content_type)
        assert (await fresh.read("/api/v1/stats"))["events"] == 1


class TestSuccess:
    """200, empty message (0 bytes / `{}`)."""

    async def test_is_200_with_an_empty_message_in_the_requests_encoding(self, fresh, sender):
        answer = await sender.to(fresh, sender.item())
        assert (answer.status, answer.body) == (200, b"" if sender.is_protobuf else b"{}")
        assert (await fresh.read("/api/v1/stats"))["events"] == 1

    async def test_is_told_of_an_item_that_is_stored_already(self, fresh, sender):
        for _ in range(2):
            answer = await sender.to(fresh, sender.item())
            assert sender.rejected(sender.parse(answer.body)) == 0
        assert (await fresh.read("/api/v1/stats"))["events"] == 1


class TestEmptyRequest:
    """0-byte protobuf, `{}`, requests with zero items: 200. 0-byte JSON: 400."""

    @pytest.mark.parametrize("shape", ["nothing", "no resources", "no scopes", "no items"])
    async def test_is_a_success(self, receiver, sender, shape):
        resources, scopes, leaves = sender.path_to_items
        request = {
            "nothing": {},
            "no resources": {resources: []},
            "no scopes": {resources: [{scopes: []}]},
            "no items": {resources: [{scopes: [{leaves: []}]}]},
        }[shape]
        answer = await receiver.post(sender.path, sender.encode(request), sender.content_type)
        assert (answer.status, answer.body) == (200, b"" if sender.is_protobuf else b"{}")

    async def test_of_no_bytes_is_one_in_protobuf_and_an_error_in_json(self, receiver, sender):
        answer = await receiver.post(sender.path, b"", sender.content_type)
        assert answer.status == (200 if sender.is_protobuf else 400)


NOT_STORED = ["/v1/metrics", "/v1development/profiles"]


class TestSignalsThatAreNotStored:
    """Answered 200, their items discarded and counted; or 404, where that is set."""

    @pytest.mark.parametrize("path", NOT_STORED)
    async def test_are_answered_as_if_they_were(self, receiver, sender, path):
        answer = await receiver.post(path, b"" if sender.is_protobuf else b"{}", sender.content_type)
        assert (answer.status, answer.body) == (200, b"" if sender.is_protobuf else b"{}")
        assert answer.headers["Content-Type"] == sender.content_type

    @pytest.mark.parametrize("path", NOT_STORED)
    async def test_are_400_where_they_are_no_such_request(self, receiver, sender, path):
        answer = await receiver.post(path, b"\xff", sender.content_type)
        assert (answer.status, sender.parse_status(answer.body).code) == (400, 3)

    @pytest.mark.parametrize("path", NOT_STORED)
    async def test_are_refused_where_that_is_set_and_told_which_are_stored(self, start_shared, sender, path):
        receiver = await start_shared(
            data=f"refuses{sender.path}{sender.is_protobuf}{path}", otlp={"metrics": "refuse"}
        )
        answer = await receiver.post(path, b"", sender.content_type)
        status = sender.parse_status(answer.body)
        assert (answer.status, status.code) == (404, 12)
        assert "not stored here; stored are traces (/v1/traces), logs (/v1/logs)" in status.message


class TestUnknownPath:
    """404 with a Status body."""

    @pytest.mark.parametrize("path", ["/v1", "/v1/traces//", "/v1/trace", "/v2/traces", "/favicon.ico"])
    async def test_that_nobody_serves_is_404_with_a_status(self, receiver, sender, path):
        answer = await receiver.post(path, b"", sender.content_type)
        assert (answer.status, sender.parse_status(answer.body).code) == (404, 12)
