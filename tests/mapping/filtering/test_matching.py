"""What terms match, of what a list shows."""

import pytest

from mapping.calls.model import ScoreSum
from mapping.filtering.language import parse
from mapping.filtering.matching import Facts, attribute_matches, matches
from mapping.times import NS

FACTS = Facts(
    names={
        "agent": ["travel-agent", "hotel-agent"],
        "session": ["s-1"],
        "user": ["Ann"],
        "service": ["shop"],
        "status": ["failed"],
        "name": ["invoke_agent travel"],
        "model": ["gpt-4o-mini"],
        "tool": ["book", "web_search"],
    },
    texts={
        "error": ["TimeoutError: no answer", "the Card was refused"],
        "question": ["Two seats, please"],
        "answer": ["Booked."],
    },
    numbers={
        "duration": 5 * NS,
        "tokens": 1000,
        "cost": 100_000_000,
        "events": 7,
        "errors": 2,
        "calls": 3,
        "tools": 4,
        "repeats": 3,
    },
    scores=[
        ScoreSum(name="tone", count=3, valued=2, mean=0.5, least=-0.5, greatest=1.0, labels={"kind": 1}),
        ScoreSum(name="judge:right?", count=1, labels={"pass": 1}),
    ],
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "agent:travel-agent",
        "agent:hotel-agent",
        "agent:travel*",
        "agent:*-agent",
        "-agent:Travel-agent",
        "session:s-1 user:Ann service:shop status:failed model:gpt-4* tool:web_search name:invoke*",
        "error:timeout error:card error:time*answer",
        "-error:time*refused",
        "question:SEATS answer:booked",
        "cost=0.1 cost>=0.1 cost<=0.1 -cost>0.1 duration>4.9s duration=5000ms tokens=1k",
        "events<8 errors>1 calls>2 tools>3 repeats=3",
        "score:tone score:tone<0 score:tone<=-0.5 score:tone=1 score:tone>=1 score:tone=kind score:t*>0.9",
        'score:judge:right?=pass score:"judge:right?"=p* -score:"judge:right?"=fail -score:other',
        "-score:tone>1 -score:judge*<1",
        "travel seats ann GPT",
        '"two seats"',
        "-failed",
        "*",
    ],
)
def test_terms_match(text):
    assert matches(parse(text), FACTS)


@pytest.mark.parametrize(
    "text",
    [
        "agent:travel",
        "-agent:travel*",
        "agent:travel* agent:nobody",
        "status:running",
        "error:card*timeout",
        "cost>0.1",
        "duration<5s",
        "failed",
        "booked",
        '"seats two"',
    ],
)
def test_terms_do_not_match(text):
    assert not matches(parse(text), FACTS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x=gold", "gold"),
        ("x=g*d", "gold"),
        ("x=5", 5),
        ("x=5", 5.0),
        ("x=0.7", 0.7),
        ("x=true", True),
        ("x=b", ["a", "b"]),
        ("x=*", {"a": 1}),
        ("x=*", 0),
        ('x=""', ""),
    ],
)
def test_an_attribute_matches_by_its_text(text, value):
    (term,) = parse(text)
    assert attribute_matches(term.pattern, value)


@pytest.mark.parametrize(("text", "value"), [("x=*", None), ("x=Gold", "gold"), ("x=1", True), ("x=a*", {"a": 1})])
def test_an_attribute_does_not_match_what_is_not_there_or_is_another(text, value):
    (term,) = parse(text)
    assert not attribute_matches(term.pattern, value)
