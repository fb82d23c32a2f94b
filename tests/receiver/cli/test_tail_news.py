import pytest

from mapping.times import parse_rfc3339
from receiver.cli.commands.tail import NewEvents

BEGAN = parse_rfc3339("2026-01-07T19:00:00Z")


class Stored:
    """Events by time, newest first, in pages of three."""

    def __init__(self):
        self.events = []

    def add(self, name, second, stored_second):
        self.events.append(
            {
                "id": name,
                "timestamp": f"2026-01-07T18:59:{second:02}Z",
                "created_at": f"2026-01-07T19:00:{stored_second:02}.000000000Z" if stored_second >= 0 else "2026-01-06",
            }
        )
        self.events.sort(key=lambda event: event["timestamp"], reverse=True)

    def page(self, cursor):
        start = int(cursor or 0)
        return {
            "events": self.events[start : start + 3],
            "next_cursor": str(start + 3) if start + 3 < len(self.events) else None,
        }


@pytest.fixture
def stored():
    return Stored()


def ids(events):
    return [event["id"] for event in events]


def test_new_events_come_once_and_oldest_first(stored):
    stored.add("old", 10, -1)
    news = NewEvents(stored.page, stored.events, BEGAN)
    stored.add("second", 30, 1)
    stored.add("first", 20, 1)
    assert ids(news.poll()) == ["first", "second"]
    assert news.poll() == []


def test_an_event_that_comes_late_is_new(stored):
    stored.add("old", 30, -1)
    news = NewEvents(stored.page, stored.events, BEGAN)
    stored.add("late", 10, 1)
    assert ids(news.poll()) == ["late"]


def test_a_burst_of_several_pages_is_shown_whole(stored):
    news = NewEvents(stored.page, [], BEGAN)
    for number in range(10):
        stored.add(f"e{number}", number, 1)
    assert ids(news.poll()) == [f"e{number}" for number in range(10)]


def test_what_was_stored_before_is_not_news_when_an_older_page_is_read(stored):
    for number in range(6):
        stored.add(f"past{number}", number, -1)
    news = NewEvents(stored.page, stored.page(None)["events"], BEGAN)
    stored.add("new", 40, 1)
    assert ids(news.poll()) == ["new"]
