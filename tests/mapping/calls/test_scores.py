"""Scores: what events tell of them, and what they turn out to be about, whichever comes first."""

from __future__ import annotations

import msgspec
import pytest
from events import START, json_event, log, span, span_event
from histories import histories, telling
from hypothesis import given
from hypothesis import strategies as st

from mapping.calls.interpret import interpret
from mapping.calls.model import ScoreSum, ToldScore
from mapping.calls.not_understood import not_understood
from mapping.calls.outline import outline_of
from mapping.calls.reading import tell
from mapping.calls.scores import added, is_score, sums_of_scores

RESULT = {
    "gen_ai.evaluation.name": "Relevance",
    "gen_ai.evaluation.score.value": 4.0,
    "gen_ai.evaluation.score.label": "relevant",
    "gen_ai.evaluation.explanation": "it answers what was asked",
}
NAME = "gen_ai.evaluation.result"
MODEL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.response.id": "r1"}


def scores(event):
    return [
        {key: value for key, value in msgspec.structs.asdict(score).items() if value is not None and value is not False}
        for score in tell(event).scores
    ]


RIGHT = {
    "name": "Relevance",
    "value": 4.0,
    "label": "relevant",
    "explanation": "it answers what was asked",
    "about": "parent",
}


class TestTheConventions:
    def test_of_a_record_are_read(self):
        assert scores(log(RESULT, name=NAME)) == [RIGHT]
        assert scores(log({**RESULT, "gen_ai.response.id": "r1"}, name=NAME)) == [RIGHT | {"response_id": "r1"}]

    def test_of_a_span_s_event_are_read(self):
        assert scores(span_event(RESULT, name=NAME)) == [RIGHT]

    def test_of_a_json_event_are_read_with_who_gave_it(self):
        own = {"score.source": "person", "score.author": "Ada", "score.about": "trace"}
        told = json_event(RESULT | own, name=NAME, event_type="evaluation")
        assert scores(told) == [RIGHT | {"source": "person", "author": "Ada", "about": "trace"}]

    def test_of_a_span_of_its_own_are_about_the_span_above(self):
        """The Rust crate `genai` writes the event as a span, because its events cannot have such fields."""
        told = tell(span(RESULT, name=NAME))
        assert (told.scores[0].about, is_score(told)) == ("parent", True)

    def test_of_a_span_that_was_judged_are_about_itself(self):
        assert tell(span(MODEL | RESULT, name="chat gpt-4o")).scores[0].about == "self"

    @pytest.mark.parametrize("event", [log, span_event])
    def test_make_no_call_and_no_failure(self, event):
        told = tell(event(RESULT | {"error.type": "timeout"}, name=NAME, status="error"))
        assert (told.kind, told.failure, told.failed, is_score(told)) == ("none", None, False, True)
        assert not_understood(event(RESULT, name=NAME), told) is None
        run = interpret([told])
        assert (run.calls, run.errors, len(run.scores)) == ([], [], 1)

    @pytest.mark.parametrize(
        ("value", "number", "label"),
        [
            (1, 1.0, None),
            (True, 1.0, None),
            ("0.5", 0.5, None),
            ("good", None, "good"),
            (float("nan"), None, None),
            (float("inf"), None, None),
            ([1], None, None),
            ({}, None, None),
            (None, None, None),
            (1e9, 1e9, None),
            (-1e9, -1e9, None),
            (5e9, None, "5000000000"),
            (-5 * 10**9, None, "-5000000000"),
            ("5000000000.5", None, "5000000000.5"),
            (10**400, None, str(10**400)[:200]),
        ],
    )
    def test_a_value_may_be_of_any_kind(self, value, number, label):
        told = tell(log({"gen_ai.evaluation.name": "n", "gen_ai.evaluation.score.value": value}, name=NAME)).scores
        assert [(score.value, score.label) for score in told] == ([] if number is label else [(number, label)])

    @pytest.mark.parametrize("name", [None, 3.5, "", [], {}])
    def test_without_a_name_there_is_none(self, name):
        told = tell(log(RESULT | {"gen_ai.evaluation.name": name}, name=NAME)).scores
        assert [score.name for score in told] in ([], [str(name)])

    @pytest.mark.parametrize("blank", ["  ", "\t\n"])
    def test_a_blank_name_or_label_is_none(self, blank):
        assert tell(log(RESULT | {"gen_ai.evaluation.name": blank}, name=NAME)).scores == []
        (told,) = tell(log(RESULT | {"gen_ai.evaluation.score.label": blank}, name=NAME)).scores
        assert told.label is None

    def test_names_and_labels_have_single_spaces_as_their_sums(self):
        said = {"gen_ai.evaluation.name": " to\tthe  point", "gen_ai.evaluation.score.label": "not\nreally "}
        (told,) = tell(log(RESULT | said, name=NAME)).scores
        assert (told.name, told.label) == ("to the point", "not really")

    def test_long_texts_are_cut(self):
        (told,) = tell(log(dict.fromkeys(RESULT, "x" * 5000), name=NAME)).scores
        assert (len(told.name), len(told.label), len(told.explanation)) == (200, 200, 300)


class TestOpenInference:
    """As `get_annotation_attributes` and `get_evaluation_attributes` of its package write them (0.1.72)."""

    def test_annotations_and_evaluations_are_about_the_span_the_trace_or_the_session(self):
        told = scores(
            span(
                {
                    "openinference.span.kind": "LLM",
                    "annotations.0.annotation.name": "hallucination",
                    "annotations.0.annotation.label": "factual",
                    "annotations.0.annotation.annotator_kind": "LLM",
                    "annotations.0.annotation.identifier": "judge-v2",
                    "annotations.1.annotation.name": "tone",
                    "annotations.1.annotation.score": 1,
                    "annotations.1.annotation.annotator_kind": "HUMAN",
                    "trace.evaluations.0.evaluation.name": "correctness",
                    "trace.evaluations.0.evaluation.score": 0.95,
                    "trace.evaluations.0.evaluation.metadata": '{"rubric": 2}',
                    "session.evaluations.0.evaluation.name": "goal",
                    "session.evaluations.0.evaluation.explanation": "reached",
                }
            )
        )
        assert told == [
            {
                "name": "hallucination",
                "label": "factual",
                "source": "model",
                "author": "judge-v2",
                "about": "self",
            },
            {"name": "tone", "value": 1.0, "source": "person", "about": "self"},
            {"name": "goal", "explanation": "reached", "about": "session"},
            {"name": "correctness", "value": 0.95, "about": "trace"},
        ]

    @pytest.mark.parametrize(
        "properties",
        [
            {"annotations.0.annotation.name": "alone"},
            {"annotations.0.annotation.score": 1.0},
            {"annotations.x.annotation.name": "n", "annotations.x.annotation.score": 1.0},
            {"annotations.0.annotation.name": {"a": 1}, "annotations.0.annotation.score": 1.0},
        ],
    )
    def test_what_is_none_is_left_alone(self, properties):
        assert scores(span(properties)) == []

    def test_of_thousands_a_hundred_are_kept(self):
        many = {f"annotations.{n}.annotation.{key}": value for n in range(2000) for key, value in ANNOTATION.items()}
        assert len(tell(span(many)).scores) == 100


ANNOTATION = {"name": "tone", "score": 1.0}


def scored(*, at=START, **fields):
    return telling(id="score", kind="none", signal="log", start=at, end=at, scores=[ToldScore(**fields)])


def chat(number=1):
    return telling(
        id=f"chat {number}",
        kind="model",
        name="gpt-4o",
        span_id=f"s{number}",
        response_id=f"r{number}",
        start=number,
        end=number + 1,
    )


class TestWhatAScoreIsAbout:
    def about(self, score, *others):
        found = interpret([*others, score]).scores
        assert found == interpret([score, *others]).scores
        return [(one.about, one.call_id, one.event_id) for one in found]

    def test_is_the_call_of_the_span_that_it_belongs_to(self):
        score = scored(name="n", value=1.0)
        score.parent_span_id = "s1"
        assert self.about(score, chat(1), chat(2)) == [("call", "chat 1", "chat 1")]

    def test_is_the_call_with_the_response_where_it_names_no_span(self):
        assert self.about(scored(name="n", value=1.0, response_id="r2"), chat(1), chat(2)) == [("call", "chat 2", None)]

    def test_is_the_event_that_it_names(self):
        wrapper = telling(id="step", kind="none", span_id="w", start=0, end=9)
        assert self.about(scored(name="n", value=1.0, event_id="step"), wrapper) == [("event", None, "step")]
        assert self.about(scored(name="n", value=1.0, event_id="chat 1"), chat()) == [("call", "chat 1", "chat 1")]

    def test_is_the_trace_where_it_names_nothing(self):
        assert self.about(scored(name="n", value=1.0), chat()) == [("trace", None, None)]
        assert self.about(scored(name="n", value=1.0, about="trace"), chat()) == [("trace", None, None)]
        assert self.about(scored(name="n", value=1.0, about="session"), chat()) == [("session", None, None)]

    def test_is_something_that_has_not_come(self):
        score = scored(name="n", value=1.0)
        score.parent_span_id = "s7"
        assert self.about(score, chat()) == [("event", None, None)]
        assert self.about(scored(name="n", value=1.0, response_id="r7"), chat()) == [("event", None, None)]

    def test_a_call_has_its_scores(self):
        (call,) = interpret([chat(), scored(name="n", value=1.0, event_id="chat 1")]).calls
        assert [score.name for score in call.scores] == ["n"]


def test_of_the_same_by_the_same_about_the_same_the_latest_counts():
    first = scored(name="tone", value=0.1, source="person", author="Ada", about="trace")
    later = msgspec.structs.replace(first, id="later", end=START + 1, scores=[_with(first, value=0.9)])
    other = msgspec.structs.replace(first, id="other", scores=[_with(first, author="Bob")])
    found = interpret([later, other, first]).scores
    assert [(score.author, score.value) for score in found] == [("Ada", 0.9), ("Bob", 0.1)]


def test_what_has_not_come_is_told_apart():
    first = scored(name="tone", value=0.1)
    first.parent_span_id = "s1"
    others = [
        msgspec.structs.replace(first, id="other span", parent_span_id="s2"),
        msgspec.structs.replace(first, id="other trace", trace_id="t2"),
        msgspec.structs.replace(first, id="a response", parent_span_id=None, scores=[_with(first, response_id="r9")]),
    ]
    assert len(interpret([first, *others]).scores) == 4
    assert len(interpret([first, *others, chat()]).scores) == 4


def _with(told, **fields):
    return msgspec.structs.replace(told.scores[0], **fields)


@given(histories(), st.randoms(use_true_random=False), st.data())
def test_any_order_of_scores_and_what_they_are_about_gives_the_same(history, rand, data):
    targets = data.draw(st.lists(st.sampled_from([*history.tellings, None]), max_size=4))
    given_ = [
        telling(
            id=f"score {number}",
            kind="none",
            signal="log",
            start=10**15 + number,
            end=10**15 + number,
            parent_span_id=target.span_id if target is not None else None,
            scores=[ToldScore(name=f"n{number}", value=float(number))],
        )
        for number, target in enumerate(targets)
    ]
    run = interpret([*history.tellings, *given_])
    shuffled = [*history.tellings, *given_, *given_]
    rand.shuffle(shuffled)
    assert interpret(shuffled).scores == run.scores
    assert len(run.scores) == len(targets)
    # How good it was changes nothing of what happened.
    alone = interpret(history.tellings)
    assert [msgspec.structs.replace(call, scores=[]) for call in run.calls] == alone.calls
    assert (run.totals, run.errors, run.statements) == (alone.totals, alone.errors, alone.statements)


def test_an_outline_keeps_scores():
    told = tell(log(RESULT, name=NAME))
    assert outline_of(told).scores == told.scores


def test_sums_are_of_those_with_a_number_and_of_labels():
    told = [
        scored(name="tone", value=value, label=label) for value, label in ((0.0, "bad"), (1.0, "good"), (None, "good"))
    ]
    run = interpret([msgspec.structs.replace(each, id=str(n), trace_id=str(n)) for n, each in enumerate(told)])
    right = ScoreSum(name="tone", count=3, valued=2, mean=0.5, least=0.0, greatest=1.0, labels={"good": 2, "bad": 1})
    assert sums_of_scores(run.scores) == [right]
    apart = [one for score in run.scores for one in sums_of_scores([score])]
    assert added(apart) == [right]
