import io
import json
import sys
from datetime import datetime

import pytest

from receiver.cli.terminal import (
    Progress,
    aligned,
    coloured,
    duration,
    json_line,
    local_time,
    printable,
    shortened,
    use_colours,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zürich 🛫 東京", "Zürich 🛫 東京"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\033[2J\033]0;title\007", "\\x1b[2J\\x1b]0;title\\x07"),
        ("one\rother", "one other"),
        ("c1 \x9b31m", "c1 \\x9b31m"),
        ("right to left \u202e", "right to left \\u202e"),
        ("half a pair \ud800", "half a pair \\ud800"),
        ("delete \x7f", "delete \\x7f"),
    ],
)
def test_control_characters_are_shown_as_escapes(text, shown):
    assert printable(text) == shown
    assert printable(text).isprintable()


@pytest.mark.parametrize(
    "value", [{"a": "\033[2J"}, ["\x7f\x9b\u2028"], "half \ud800", {"Zürich": [1, None]}, "\U000e0001"]
)
def test_a_line_of_json_is_printable_and_reads_as_the_same_value(value):
    line = json_line(value)
    assert line.isprintable()
    assert json.loads(line) == value


def test_json_keeps_words_readable():
    assert json_line({"to": "Zürich"}) == '{"to":"Zürich"}'


def test_cells_stand_below_each_other_whatever_their_colour():
    assert aligned([("a", "bcd", "e"), ("\033[31mabc\033[0m", "b", "ef")]) == [
        "a    bcd  e",
        "\033[31mabc\033[0m  b    ef",
    ]


@pytest.fixture
def colours():
    yield use_colours
    use_colours("auto")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_colours_may_be_asked_for_and_forbidden(colours, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    colours("always")
    assert coloured("ok", "green", io.StringIO()) == "\033[32mok\033[0m"
    colours("never")
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    assert coloured("ok", "green", Terminal()) == "ok"


def test_a_terminal_has_colours_and_a_file_has_none(tmp_path, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert coloured("ok", "green", Terminal()) == "\033[32mok\033[0m"
    with (tmp_path / "file").open("w") as file:
        assert coloured("ok", "green", file) == "ok"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_without_colours_gets_none(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert coloured("ok", "green", Terminal()) == "ok"


def test_times_are_local_and_say_the_day_when_it_is_another():
    now = datetime(2026, 6, 15, 12, 0, 1).astimezone()
    assert local_time(now.isoformat(), now) == "12:00:01"
    assert local_time(datetime(2026, 6, 3, 12, 0, 1).astimezone().isoformat(), now) == "06-03 12:00:01"
    assert local_time(datetime(2001, 6, 15, 12, 0, 1).astimezone().isoformat(), now) == "2001-06-15 12:00"


def test_the_ends_of_the_calendar_can_be_shown():
    assert local_time("0001-01-01T00:00:00.000000000Z")[:4] == "0001"
    assert local_time("9999-12-31T23:59:59.999999999Z")[:4] == "9999"


@pytest.mark.parametrize(
    ("nanoseconds", "shown"),
    [
        (1_000, "1 µs"),
        (340_000_000, "340 ms"),
        (999_900_000, "1.0 s"),
        (1_240_000_000, "1.2 s"),
        (59_990_000_000, "1 min 0 s"),
        (200_000_000_000, "3 min 20 s"),
        (7_500_000_000_000, "2 h 5 min"),
    ],
)
def test_durations_have_few_digits(nanoseconds, shown):
    assert duration(nanoseconds) == shown


def test_what_is_too_long_ends_with_dots():
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"


def test_progress_is_one_line_on_a_terminal_and_goes_away(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    progress = Progress()
    for text in ("40 %", "40 %", "80 % \033[2J"):
        progress.show(text)
    progress.clear()
    assert sys.stderr.getvalue() == "\r\033[K40 %\r\033[K80 % \\x1b[2J\r\033[K"


def test_progress_in_a_log_is_a_line_for_each_change(capsys):
    progress = Progress()
    for text in ("40 %", "40 %", "80 %"):
        progress.show(text)
    progress.clear()
    assert capsys.readouterr().err == "40 %\n80 %\n"
