import json
import re
from collections import Counter
from typing import get_args

import pytest
from labelled import Kind, load

from mapping.json.events import Options, decode_event, map_event
from mapping.search_text.text import text_of

EVENTS, QUERIES = load()
NEW_ID = "11111111-2222-4333-8444-555555555555"

# A query's words that say what it is about: four letters or more, and none of these.
WORD = re.compile(r"[a-zà-ÿ]{4,}")
FUNCTION_WORDS = frozenset("that with from have this they them what when were will which because than then".split())


def mapped(label):
    return map_event(decode_event(json.dumps(EVENTS[label]).encode()), Options(), NEW_ID)


def words(text):
    return set(WORD.findall(text.lower())) - FUNCTION_WORDS


def test_the_set_is_large_enough_to_measure_by():
    domains = Counter(label.rpartition("-")[0] for label in EVENTS)
    assert len(EVENTS) >= 450
    assert len(domains) >= 8
    assert min(domains.values()) >= 40
    assert len(QUERIES) >= 90


def test_events_are_of_all_sorts():
    types = Counter(event["event_type"] for event in EVENTS.values())
    assert all(types[kind] >= 30 for kind in ("tool_call", "model_call", "error", "decision", "log", "message"))


def test_queries_of_every_kind_are_asked_paraphrases_most_often():
    kinds = Counter(query.kind for query in QUERIES)
    assert set(kinds) == set(get_args(Kind))
    assert min(kinds.values()) >= 10
    assert kinds["paraphrase"] / len(QUERIES) == pytest.approx(1 / 3, abs=0.05)
    assert kinds["symptom"] / len(QUERIES) == pytest.approx(1 / 6, abs=0.03)
    assert kinds["exact"] / len(QUERIES) == pytest.approx(1 / 6, abs=0.03)


def test_every_domain_is_asked_for():
    asked = {label.rpartition("-")[0] for query in QUERIES for label in query.relevant}
    assert asked == {label.rpartition("-")[0] for label in EVENTS}


def test_the_receiver_takes_every_event_and_has_words_to_search_it_by():
    for label, sent in EVENTS.items():
        event = mapped(label)
        text = text_of(event.name, event.properties)
        assert (event.event_type, event.session_id) == (sent["event_type"], sent["session_id"]), label
        assert text, label
        assert label not in text


def test_no_two_events_have_the_same_text():
    texts = Counter(text_of((event := mapped(label)).name, event.properties) for label in EVENTS)
    assert [text for text, times in texts.items() if times > 1] == []


@pytest.mark.parametrize("query", [query for query in QUERIES if query.kind in {"paraphrase", "symptom"}])
def test_who_asks_in_other_words_shares_few_words_with_what_answers(query):
    asked = words(query.query)
    for label, grade in query.relevant.items():
        if grade == 3:
            shared = asked & words(json.dumps(EVENTS[label], ensure_ascii=False))
            assert 2 * len(shared) < len(asked), f"{label}: {shared}"


@pytest.mark.parametrize("query", [query for query in QUERIES if query.kind == "tool"])
def test_a_tool_s_calls_are_all_labelled(query):
    tool = query.query.split()[-1]
    calls = {label for label, event in EVENTS.items() if event["properties"].get("tool_name") == tool}
    assert {label for label, grade in query.relevant.items() if grade == 3} == calls


@pytest.mark.parametrize("query", [query for query in QUERIES if query.kind == "exact"])
def test_whatever_carries_what_is_named_exactly_is_labelled_and_the_best_answers_do(query):
    (named,) = (word for word in query.query.split() if re.search(r"[\d_/]|[a-z][A-Z]", word))
    whole = re.compile(rf"(?<![\w-]){re.escape(named)}(?!\w)")
    carrying = {label for label, event in EVENTS.items() if whole.search(json.dumps(event))}
    assert carrying <= query.relevant.keys()
    assert {label for label, grade in query.relevant.items() if grade == 3} <= carrying


EVENT = {"label": "home-001", "timestamp": "2026-03-02T08:00:00Z", "properties": {"input": "lights off"}}
QUERY = {"kind": "tool", "query": "lights", "relevant": {"home-001": 3}}


def written(folder, events, queries):
    (folder / "events").mkdir()
    (folder / "events" / "home.jsonl").write_text("\n".join(map(json.dumps, events)))
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    return folder


def test_a_sound_set_is_loaded_and_labels_are_no_part_of_its_events(tmp_path):
    events, queries = load(written(tmp_path, [EVENT], [QUERY]))
    assert events == {"home-001": {key: value for key, value in EVENT.items() if key != "label"}}
    assert [(query.kind, query.query, query.relevant) for query in queries] == [("tool", "lights", {"home-001": 3})]


@pytest.mark.parametrize(
    ("events", "queries", "message"),
    [
        ([EVENT, EVENT], [QUERY], "label 'home-001' stands twice"),
        ([EVENT | {"label": "mail-001"}], [QUERY], "label 'mail-001' does not belong in home.jsonl"),
        ([{"timestamp": "now"}], [QUERY], "label"),
        ([EVENT], [QUERY, QUERY], "query 'lights' stands twice"),
        ([EVENT], [QUERY | {"relevant": {"home-002": 3}}], "grades unknown events: home-002"),
        ([EVENT], [QUERY | {"relevant": {"home-001": 2}}], "has no event of grade 3"),
        ([EVENT], [QUERY | {"relevant": {"home-001": 4}}], "Invalid enum value 4"),
        ([EVENT], [QUERY | {"kind": "riddle"}], "Invalid enum value 'riddle'"),
        ([EVENT], [QUERY | {"grade": 3}], "unknown field `grade`"),
    ],
)
def test_an_inconsistent_set_is_refused(tmp_path, events, queries, message):
    with pytest.raises(ValueError, match=message):
        load(written(tmp_path, events, queries))
