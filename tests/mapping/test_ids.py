import re
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from mapping import ids

UUID_5 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
HEX = "0123456789abcdef"


@given(st.text(), st.text())
def test_a_name_gives_the_uuid_that_the_standard_library_gives(kind, part):
    assert ids.named(kind, part) == str(uuid5(ids.NAMESPACE, f"{kind}\n{len(part)}:{part}"))


@given(st.lists(st.text(), max_size=3), st.lists(st.text(), max_size=3))
def test_different_parts_give_different_ids(parts, others):
    assert (ids.named("span", *parts) == ids.named("span", *others)) == (parts == others)


def test_a_name_need_not_be_valid_unicode():
    assert UUID_5.fullmatch(ids.named("event", "\ud800"))


@given(st.uuids())
def test_a_uuid_is_kept_as_event_id_in_lower_case(uuid):
    assert ids.event_id(str(uuid).upper()) == str(uuid)


@given(st.text())
def test_any_other_event_id_becomes_its_name_based_uuid(given_id):
    uuid = ids.event_id(given_id)
    assert UUID_5.fullmatch(uuid)
    assert uuid == ids.event_id(given_id)
    assert ids.event_id(uuid) == uuid  # either can be asked for


@given(st.text(HEX + HEX.upper(), min_size=32, max_size=32))
def test_a_trace_id_of_32_hex_digits_becomes_lower_case(digits):
    assert ids.trace_id(digits) == digits.lower()


@given(st.uuids())
def test_a_uuid_as_trace_id_is_taken_for_its_digits(uuid):
    assert ids.trace_id(str(uuid).upper()) == uuid.hex


def test_any_other_trace_id_is_kept_as_given():
    for given_id in ("Order 7", "ABC", "f" * 31, "f" * 33, "g" * 32, "{" + str(UUID(int=1)) + "}"):
        assert ids.trace_id(given_id) == given_id


def test_a_made_trace_id_is_32_lower_case_hex_digits_that_follow_from_the_name():
    made = ids.made_trace_id("session", "s-1")
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    assert made == ids.made_trace_id("session", "s-1")
    assert made != ids.made_trace_id("session", "s-2")
    assert made != ids.made_trace_id("event", "s-1")
