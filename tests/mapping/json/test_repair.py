import json
import math
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.json.repair import MAX_BRACKETS, repaired, shallow

texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('NaN"\\-Infinity1e999[]{}'))
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -(10**4000)])
documents = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)


def expected(value):
    if isinstance(value, list):
        return [expected(inner) for inner in value]
    if isinstance(value, dict):
        return {key: expected(inner) for key, inner in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return str(value) if isinstance(value, int) and abs(value) > 10**308 else value


@given(documents)
def test_what_python_writes_is_read_and_nothing_inside_strings_is_touched(value):
    body, replaced = repaired(json.dumps(value).encode())
    assert msgspec.json.decode(body) == expected(value)
    assert replaced == 0


@pytest.mark.parametrize(
    ("written_as", "read"),
    [
        (b"[1e999, -1E+400, 1e100, 1e-999, 0.1e999]", ["1e999", "-1E+400", 1e100, 0.0, "0.1e999"]),
        (b'{"a":NaN,"b":-Infinity , "c":[Infinity]}', {"a": "NaN", "b": "-Infinity", "c": ["Infinity"]}),
        (
            rb'["\ud83d", "\\ud83d", "\ud83d\ude00\ud83d", "\ude00\ud83d\ude00"]',
            ["\ufffd", "\\ud83d", "😀\ufffd", "\ufffd😀"],
        ),
        (rb'"\n\ud83d\ud83d\\\udfff"', "\n\ufffd\ufffd\\\ufffd"),
    ],
)
def test_repairs(written_as, read):
    assert msgspec.json.decode(repaired(written_as)[0]) == read


@pytest.mark.parametrize(
    ("body", "read", "replaced"),
    [
        (b'{"a":"caf\xe9","\xff":"\xc3\xa9"}', {"a": "caf\ufffd", "\ufffd": "é"}, 2),
        (rb'["\ud83d", "\ud83d\ude00\ud83d"]', ["\ufffd", "😀\ufffd"], 2),
        ('["\ufffd", 1e999]'.encode(), ["\ufffd", "1e999"], 0),
    ],
)
def test_what_is_no_text_is_replaced_and_counted(body, read, replaced):
    kept, count = repaired(body)
    assert msgspec.json.decode(kept) == read
    assert count == replaced


@given(st.binary() | st.text(st.sampled_from('NaIinfty-0123e+."\\u d8[]{},')).map(str.encode))
def test_what_is_no_json_stays_as_it_is_but_for_its_repairs(body):
    kept, replaced = repaired(body)
    assert len(kept) >= len(body) - body.count(b"\\u") - replaced
    assert repaired(kept)[1] == 0


@pytest.mark.parametrize(
    ("character", "end", "read"),
    [(b"N", b"NaN", b'N"NaN"'), (b"-", b"NaN", b'-"-NaN"'), (b'"', b"NaN", b'""NaN"'), (b"1", b"e999", b'1e999"')],
)
def test_no_body_takes_more_than_linear_time(character, end, read):
    start = time.process_time()
    kept, _ = repaired(character * 10**6 + end)
    assert kept.endswith(read)
    assert time.process_time() - start < 5  # a million tries of a million steps would take hours


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"]":', "}"), ('[{"a\\"[":', "}]")])
def test_what_nests_deeper_than_decoders_read_is_emptied(opening, closing):
    depth = 5_000
    body = '{"deep": ' + opening * depth + "1" + closing * depth + ', "beside": ["]", [2]]}'
    value = msgspec.json.decode(shallow(body.encode()))
    assert value["beside"] == ["]", [2]]
    assert shallow(body.encode()).count(b"[") + shallow(body.encode()).count(b"{") < 3 * MAX_BRACKETS


@given(documents)
def test_what_decoders_read_stays_as_it_is(value):
    body = json.dumps(value).encode()
    assert shallow(body) == body
