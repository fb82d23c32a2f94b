"""`tail --follow` on a receiver that stops and comes back."""

import json
import time

from mapping.times import format_rfc3339


def send(receiver, text):
    event = {"timestamp": format_rfc3339(time.time_ns()), "session_id": "s", "properties": {"message": text}}
    receiver.post("/api/v1/events", event)


def test_a_receiver_that_stops_is_waited_for_and_nothing_is_shown_twice(serve, start, free_port):
    port = str(free_port())
    receiver = serve(SERVER_PORT=port).started()
    for text in ("past", "shown"):
        send(receiver, text)
    tail = start("tail", "-f", "-n", "1", "--json", "--session", "s", "--url", receiver.url)

    def read():
        return json.loads(tail.stdout.readline())["properties"]["message"]

    assert read() == "shown"
    send(receiver, "news")
    assert read() == "news"
    assert receiver.stop() == 0
    assert tail.stderr.readline().startswith("waiting: ")
    receiver = serve(SERVER_PORT=port).started()
    send(receiver, "after")
    assert read() == "after"
    assert tail.stderr.readline() == "the receiver answers again\n"
    send(receiver, "last")
    assert read() == "last"
