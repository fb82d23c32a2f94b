import pytest

from receiver.cli.api import RequestRefusedError
from receiver.cli.live import Live, LiveMessage, read


def test_server_sent_events_are_read_line_by_line():
    lines = [b"", b"retry: 2000\n", b"\n", b":\n", b"event: event\n", b'data: {"id": "a: b"}\n', b"\n"]
    lines += [b"event: dropped\r\n", b'data: {"count":3}\r\n', b"\r\n"]
    assert list(read(iter(lines))) == [
        LiveMessage("connected"),
        LiveMessage("event", {"id": "a: b"}),
        LiveMessage("dropped", 3),
    ]


class Answers:
    def __init__(self, *answers):
        self._answers = answers

    def lines(self, *_, **__):
        for answer in self._answers:
            if isinstance(answer, Exception):
                raise answer
            yield answer


def all_messages(live):
    messages = []
    while not messages or messages[-1].what != "ended":
        messages += live.take(5)
    return messages


def test_the_end_of_a_connection_is_told_with_its_reason():
    assert all_messages(Live(Answers(b""), {})) == [LiveMessage("connected"), LiveMessage("ended")]
    refused = RequestRefusedError("no key", 401)
    assert all_messages(Live(Answers(refused), {})) == [LiveMessage("ended", refused)]


@pytest.mark.parametrize("answer", [b"data: {\n", b"data: 5\n", b"event: dropped\ndata: {}\n", b"data: \xff\n"])
def test_what_a_receiver_would_not_say_ends_it_with_an_error(answer):
    (*_, ended) = all_messages(Live(Answers(*answer.splitlines(keepends=True)), {}))
    assert "does not answer as a vectadb-receiver does" in str(ended.data)
