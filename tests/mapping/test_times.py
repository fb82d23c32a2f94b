from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.times import EARLIEST, LATEST, NS, format_rfc3339, parse_rfc3339

moments = st.integers(EARLIEST, LATEST)


@given(moments)
def test_what_is_written_is_read_back_to_the_nanosecond(moment):
    assert parse_rfc3339(format_rfc3339(moment)) == moment


@given(moments, moments)
def test_what_is_written_sorts_as_text_in_order_of_time(one, other):
    assert (format_rfc3339(one) < format_rfc3339(other)) == (one < other)


@given(st.datetimes(timezones=st.timezones()).filter(lambda moment: 1 < moment.year < 9999))
def test_any_zone_is_read_as_the_standard_library_reads_it(moment):
    text = moment.isoformat()
    if len(text.rpartition(":")[2]) > 2 or text.count(":") > 3:
        return  # zones of the 19th century have seconds, RFC 3339 has not
    microseconds = (moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert parse_rfc3339(text) == microseconds * 1000


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-01-07T19:00:00Z", 1_767_812_400 * NS),
        ("2026-01-07t19:00:00z", 1_767_812_400 * NS),
        ("2026-01-07 19:00:00Z", 1_767_812_400 * NS),
        ("2026-01-07T20:30:00+01:30", 1_767_812_400 * NS),
        ("2026-01-07T14:00:00-0500", 1_767_812_400 * NS),
        ("2026-01-07T19:00:00.5Z", 1_767_812_400 * NS + NS // 2),
        ("2026-01-07T19:00:00.000000001Z", 1_767_812_400 * NS + 1),
        ("2026-01-07T19:00:00.0000000019Z", 1_767_812_400 * NS + 1),
        ("2016-12-31T23:59:60Z", 1_483_228_800 * NS),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("0001-01-01T00:00:00Z", EARLIEST),
        ("9999-12-31T23:59:59.999999999Z", LATEST),
    ],
)
def test_moments_are_read(text, moment):
    assert parse_rfc3339(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-01-07",
        "2026-01-07T19:00:00",
        "2026-01-07T19:00Z",
        "1767812400",
        "2026-13-07T19:00:00Z",
        "2026-02-29T19:00:00Z",
        "2026-01-07T24:00:00Z",
        "2026-01-07T19:00:61Z",
        "2026-01-07T19:00:00+24:00",
        "2026-01-07T19:00:00+01:60",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "12026-01-07T19:00:00Z",
        "٢٠٢٦-01-07T19:00:00Z",
        "2026-01-07T19:00:00Z\n",
        "9" * 10_000,
    ],
)
def test_what_is_no_moment_is_refused_with_what_was_expected(text):
    with pytest.raises(ValueError, match="expected") as caught:
        parse_rfc3339(text)
    assert len(str(caught.value)) < 300


def test_years_before_1000_have_four_digits():
    assert format_rfc3339(EARLIEST) == "0001-01-01T00:00:00.000000000Z"
