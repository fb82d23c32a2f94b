"""The filter language: what is read from it, and where what is wrong is said to be."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mapping.filtering.language import (
    COMPARISONS,
    MOST_CHARACTERS,
    MOST_TERMS,
    NAMES,
    NANO,
    TEXTS,
    AttributeTerm,
    FilterError,
    NameTerm,
    NumberTerm,
    Pattern,
    ScoreTerm,
    TextTerm,
    parse,
)
from mapping.times import NS


def refusal(text):
    try:
        parse(text)
    except FilterError as error:
        return error


def exactly(text):
    return Pattern((text,))


def test_every_kind_of_term_is_read():
    assert parse(
        'agent:research* -status:failed cost>0.1 tokens<=10k duration>=1m30s error:timeout key=value "part of a name"'
    ) == (
        NameTerm(field="agent", pattern=Pattern(("research", ""))),
        NameTerm(field="status", pattern=exactly("failed"), negated=True),
        NumberTerm(field="cost", comparison=">", number=NANO // 10),
        NumberTerm(field="tokens", comparison="<=", number=10_000),
        NumberTerm(field="duration", comparison=">=", number=90 * NS),
        TextTerm(field="error", pattern=exactly("timeout")),
        AttributeTerm(key="key", pattern=exactly("value")),
        TextTerm(field=None, pattern=exactly("part of a name")),
    )


@pytest.mark.parametrize("text", ["", "   ", "\t\n", "\u3000"])
def test_nothing_asks_for_nothing(text):
    assert parse(text) == ()


def test_a_value_is_what_stands_before_the_next_space_or_what_is_quoted():
    assert parse('tool:a:b=c"d') == (NameTerm(field="tool", pattern=exactly('a:b=c"d')),)
    assert parse(r'tool:"a \"b\" \\ *"') == (NameTerm(field="tool", pattern=exactly(r'a "b" \ *')),)
    assert parse('"a key"=""') == (AttributeTerm(key="a key", pattern=exactly("")),)


def test_a_field_is_read_in_any_case_and_a_key_and_a_value_as_they_are_written():
    assert parse("Agent:Ann Key=Value") == (
        NameTerm(field="agent", pattern=exactly("Ann")),
        AttributeTerm(key="Key", pattern=exactly("Value")),
    )


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("agent:", 7, "a value after agent:"),
        ("a agent: b", 9, "a value after agent:"),
        ("key=", 5, "a value of key"),
        ("status:faild", 8, "running, completed or failed; got 'faild'"),
        ("ünïcode status:x", 16, "running, completed or failed"),
        ("score:", 7, "the name of a score after score:"),
        ("score:<1", 7, "the name of a score after score:"),
        ("score:tone<low", 12, "a number after <, such as 0.5; got 'low'"),
        ("score:tone>", 12, "a number after >"),
        ("score:tone=", 12, "a value of the score"),
        ('score:"a"b', 10, "a space, or <, <=, =, >= or > after the name of the score"),
        ("score>1", 1, "duration, cost, tokens"),
        ("color:red", 1, "a field before the colon: agent, session"),
        ("cost:1", 5, "<, <=, =, >= or > after cost"),
        ("cost>cheap", 6, "US dollars"),
        ("cost>", 6, "US dollars"),
        ("tokens>1.5", 8, "a whole number"),
        ("duration>5", 10, "a duration, such as 500ms"),
        ("size>3", 1, "duration, cost, tokens"),
        (">3", 1, "a field, a key or a word before >"),
        ("x - y", 4, "a field, a key or a word after the minus"),
        ('x "open', 3, "a closing quote"),
        ('"a"b', 4, "a space after the closing quote"),
        ('agent:"a"b', 10, "a space after the closing quote"),
        ('a"b"', 2, "a space before the quote"),
        ('"a":b', 4, "= after the key"),
        ("x " * MOST_TERMS + "y", 2 * MOST_TERMS + 1, f"at most {MOST_TERMS} terms"),
        ("x" * (MOST_CHARACTERS + 1), MOST_CHARACTERS + 1, "at most 2,000 characters"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(text, column, expected):
    with pytest.raises(FilterError, match=rf"column {column}: expected .*{re.escape(expected)}") as refused:
        parse(text)
    assert refused.value.column == column


@given(st.text(max_size=80) | st.text(alphabet='ab:=<>"\\*- .19ks', max_size=40))
@example("-")
@example('"\\')
def test_any_text_is_read_or_refused_at_a_place_in_it(text):
    error = refusal(text)
    if error is None:
        assert len(parse(text)) <= MOST_TERMS
    else:
        assert 1 <= error.column <= len(text) + 1
        assert str(error).startswith(f"column {error.column}: expected ")


BARE = st.text(alphabet="abcXYZ09._-/ü", min_size=1, max_size=8).filter(lambda text: text[0] != "-")
WILD = st.lists(st.text(alphabet="abcXYZ09._/ü", max_size=5), min_size=2, max_size=4).map(
    lambda parts: Pattern((*parts,))
)
PATTERNS = st.text(max_size=12).map(exactly) | WILD
NEGATED = st.booleans()
TERMS = st.lists(
    st.builds(
        NameTerm, field=st.sampled_from([name for name in NAMES if name != "status"]), pattern=PATTERNS, negated=NEGATED
    )
    | st.builds(TextTerm, field=st.sampled_from([*TEXTS, None]), pattern=PATTERNS, negated=NEGATED)
    | st.builds(
        NumberTerm,
        field=st.sampled_from(["tokens", "events", "errors", "calls", "tools", "repeats"]),
        comparison=st.sampled_from(COMPARISONS),
        number=st.integers(0, 10**15 - 1),
        negated=NEGATED,
    )
    | st.builds(
        ScoreTerm,
        name=PATTERNS,
        comparison=st.sampled_from(COMPARISONS),
        number=st.integers(-(10**15) + 1, 10**15 - 1).map(float),
        negated=NEGATED,
    )
    | st.builds(
        ScoreTerm, name=PATTERNS, comparison=st.just("="), label=st.text(max_size=12).map(exactly), negated=NEGATED
    )
    | st.builds(ScoreTerm, name=PATTERNS, negated=NEGATED)
    | st.builds(AttributeTerm, key=st.text(max_size=12), pattern=PATTERNS, negated=NEGATED),
    max_size=6,
)


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def value(pattern):
    return quoted(pattern.pieces[0]) if len(pattern.pieces) == 1 else "*".join(pattern.pieces)


def written(term):
    minus = "-" if term.negated else ""
    match term:
        case NumberTerm():
            return f"{minus}{term.field}{term.comparison}{term.number}"
        case ScoreTerm():
            what = "" if term.number is None else f"{term.number:.0f}"
            what = what if term.label is None else value(term.label)
            return f"{minus}score:{value(term.name)}{term.comparison or ''}{what}"
        case AttributeTerm():
            return f"{minus}{quoted(term.key)}={value(term.pattern)}"
        case TextTerm(field=None):
            return f"{minus}{value(term.pattern)}"
    return f"{minus}{term.field}:{value(term.pattern)}"


@given(TERMS, st.sampled_from([" ", "  ", "\n"]))
def test_what_is_written_is_read_again(terms, space):
    assert parse(space.join(map(written, terms))) == (*terms,)


@given(WILD | st.text(alphabet="ab", max_size=3).map(exactly), st.text(alphabet="abcXYZ09._/ü", max_size=12))
def test_a_pattern_matches_as_a_regular_expression_would(pattern, text):
    expression = ".*".join(map(re.escape, pattern.pieces))
    assert pattern.matches(text) == bool(re.fullmatch(expression, text, re.DOTALL))
    assert pattern.is_in(text) == bool(re.search(expression.casefold(), text.casefold(), re.DOTALL))
    around = Pattern((text[:3], *([""] * 3), text[3:]))
    assert around.matches(text[:3] + "anything" + text[3:])


def test_many_wildcards_take_no_longer():
    assert not Pattern(("a",) * 900).matches("a" * 100_000 + "b")
