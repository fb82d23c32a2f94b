"""Our CBOR against the SDK's own: the same meaning, and what only one of them can say is refused."""

import math

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from surrealdb.data.cbor import decode as sdk_decode
from surrealdb.data.cbor import encode as sdk_encode
from surrealdb.data.types.datetime import PreciseDatetime
from surrealdb.data.types.record_id import RecordID
from surrealdb.request_message.message import RequestMessage
from surrealdb.request_message.methods import RequestMethod

from mapping.times import EARLIEST, LATEST, format_rfc3339
from mapping.values import INT64_MAX, INT64_MIN
from storage.surreal import cbor

text = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.booleans() | st.integers(INT64_MIN, INT64_MAX) | st.floats(allow_nan=False) | text | st.binary()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=20)


@given(values)
def test_both_read_what_the_other_has_written(value):
    assert cbor.decode(sdk_encode(value)) == value
    assert sdk_decode(cbor.encode(value)) == value


@given(st.integers(EARLIEST, LATEST))
def test_a_moment_keeps_its_nanoseconds(moment):
    encoded = cbor.encode(cbor.datetime(moment))
    assert cbor.decode(encoded) == moment
    read = sdk_decode(encoded)
    assert isinstance(read, PreciseDatetime)
    assert read.isoformat_with_nanoseconds().rjust(30, "0") == format_rfc3339(moment)


@given(text, text)
def test_a_record_id_is_read_as_the_id_alone(table, record_id):
    encoded = cbor.encode(cbor.record(table, record_id))
    assert cbor.decode(encoded) == record_id
    assert sdk_decode(encoded) == RecordID._unchecked(table, record_id)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -0.0])
def test_a_float_that_json_has_no_word_for_is_kept(number):
    assert repr(cbor.decode(sdk_encode(number))) == repr(sdk_decode(cbor.encode(number))) == repr(number)


def test_none_and_null_are_read_as_none():
    assert cbor.decode(sdk_encode([None])) == [None]  # NONE, tag 6
    assert cbor.decode(cbor.encode([None])) == [None]


@given(st.lists(st.dictionaries(text, scalars), max_size=3), text, st.dictionaries(text, scalars | st.lists(scalars)))
def test_a_request_is_what_the_sdk_would_send(rows, query, variables):
    encoded = [cbor.row(cbor.fields(row)) for row in rows]
    ours = cbor.request("7", query, variables | {"rows": cbor.array(encoded)})
    theirs = RequestMessage(RequestMethod.QUERY, query=query, params=variables | {"rows": rows})
    theirs.id = "7"
    assert sdk_decode(ours) == sdk_decode(theirs.WS_CBOR_DESCRIPTOR)


@pytest.mark.parametrize("size", [0, 1, 23, 24, 255, 256, 65_535, 65_536])
def test_any_number_of_rows_and_fields_is_counted_right(size):
    assert cbor2.loads(cbor.array([b"\x01"] * size).cbor) == [1] * size
    fields = {str(number): number for number in range(size)}
    assert cbor2.loads(cbor.row(cbor.fields(fields), cbor.fields({"last": True}))) == fields | {"last": True}


@pytest.mark.parametrize("value", ["\ud800", {"\udfff": 1}, ["ok", {"a": "x\udc00"}], object(), {"a": [object]}])
def test_what_cannot_be_said_is_a_value_error(value):
    with pytest.raises(ValueError, match=r"\w"):
        cbor.encode(value)


def test_nesting_without_end_is_a_value_error():
    endless = []
    endless.append(endless)
    with pytest.raises(ValueError, match=r"\w"):
        cbor.encode(endless)


@given(st.integers())
def test_an_integer_past_64_bits_becomes_the_nearest(number):
    assert INT64_MIN <= cbor.int64(number) <= INT64_MAX
    assert cbor.int64(number) == number or abs(number) > INT64_MAX
