"""Rule 3: calls of a model find each other by the messages they repeat."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.correlation.message_chain import MAX_LISTS, UNANSWERED_WINDOW, conversation_of
from mapping.correlation.placement import CONVERSATION_WINDOW, Placement
from mapping.model import Event
from mapping.times import NS

MINUTE, HOUR, DAY = 60 * NS, 3600 * NS, 24 * 3600 * NS
ids = itertools.count()


def user(text):
    return {"role": "user", "content": text}


def assistant(text):
    return {"role": "assistant", "content": text}


def call(messages, answer=None, at=0, *, failed=False, service="shop", system=None, **fields):
    """A call of a model: the messages sent, and the text answered where it was logged."""
    properties = {"messages": messages}
    if answer is not None:
        properties["output"] = answer
    if system is not None:
        properties["system"] = system
    fields = {"id": f"e{next(ids)}", "resource": {"service.name": service}} | fields
    event = Event(
        timestamp=at, kind="log_record", properties=properties, status="error" if failed else "unset", **fields
    )
    event.conversation = conversation_of(event, [properties])
    return event


class Store:
    """What a store does around the placement: it knows traces, lists of messages, and which events are there."""

    def __init__(self, window=CONVERSATION_WINDOW):
        self.traces, self.chain_records, self.events = {}, {}, {}
        self._window = window

    def write(self, *batch):
        placement = Placement(
            map(msgspec.structs.replace, self.traces.values()),
            map(msgspec.structs.replace, self.chain_records.values()),
            agent_window=HOUR,
            conversation_window=self._window,
        )
        for event in map(msgspec.structs.replace, batch):
            if event.id not in self.events:
                assert placement.place(event, 0) is None
                self.events[event.id] = event
        self.traces |= {id_: placement.traces[id_] for id_ in placement.touched}
        self.chain_records |= {id_: placement.chain_records[id_] for id_ in placement.touched_chain_records}
        return [self.events[event.id].trace_id for event in batch]

    def correlations(self):
        return [event.correlation for event in self.events.values()]


@pytest.fixture
def store():
    return Store()


HI, HELLO, WHO, ME = user("hi"), assistant("Hello!"), user("Who are you?"), assistant("A machine.")


def test_a_call_that_goes_on_with_the_answer_is_the_same_conversation(store):
    first = store.write(call([HI], "Hello!"))
    second = store.write(call([HI, HELLO, WHO], "A machine.", at=DAY))
    third = store.write(call([HI, HELLO, WHO, ME, user("Why?")], at=2 * DAY))
    assert first == second == third
    assert store.correlations() == ["created", "conversation", "conversation"]


def test_after_the_window_it_is_another(store):
    (first,) = store.write(call([HI], "Hello!"))
    assert store.write(call([HI, HELLO, WHO], at=DAY + 1)) != [first]


def test_the_window_is_a_setting():
    store = Store(window=MINUTE)
    (first,) = store.write(call([HI], "Hello!"))
    assert store.write(call([HI, HELLO, WHO], at=MINUTE + 1)) != [first]
    (first,) = store.write(call([WHO]))
    assert store.write(call([WHO, ME, HI], at=MINUTE + 1)) != [first]


def test_another_answer_than_the_one_known_is_another_conversation(store):
    """Two strangers say the same and are answered differently: each goes on where he was."""
    (one,), (two,) = store.write(call([HI], "Hello!")), store.write(call([HI], "Good day!", at=1))
    assert one != two
    assert store.write(call([HI, HELLO, WHO], at=2)) == [one]
    assert store.write(call([HI, assistant("Good day!"), WHO], at=3)) == [two]
    assert store.write(call([HI, assistant("What?"), WHO], at=4)) not in ([one], [two])


@pytest.mark.parametrize(("later", "same"), [(UNANSWERED_WINDOW, True), (UNANSWERED_WINDOW + 1, False)])
def test_where_the_answer_is_not_known_the_list_itself_goes_on_for_an_hour(store, later, same):
    (first,) = store.write(call([HI]))
    assert (store.write(call([HI, HELLO, WHO], at=later)) == [first]) is same


@pytest.mark.parametrize(("later", "same"), [(DAY, True), (DAY + 1, False)])
def test_a_list_that_the_model_has_a_part_in_goes_on_for_a_day(store, later, same):
    (first,) = store.write(call([HI, HELLO, WHO]))
    assert (store.write(call([HI, HELLO, WHO, ME, HI], at=later)) == [first]) is same


def test_strangers_that_say_the_same_on_different_days_stay_apart(store):
    assert len(set(store.write(call([HI]), call([HI], at=DAY)))) == 2
    assert len(set(store.write(call([WHO], "A machine."), call([WHO], "A machine.", at=DAY)))) == 2


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("answer", ["Hello!", None])
def test_a_failed_call_and_the_one_that_repeats_its_list_are_one(store, order, answer):
    batch = [call([HI], failed=True), call([HI], failed=True, at=MINUTE), call([HI], answer, at=2 * MINUTE)][::order]
    assert len({trace for event in batch for trace in store.write(event)}) == 1
    assert store.correlations() == ["created", "conversation", "conversation"]
    assert store.write(call([HI, HELLO, WHO], at=3 * MINUTE)) == store.write(batch[0])


def test_what_a_failed_call_brought_back_is_no_answer(store):
    (first,) = store.write(call([HI], "ThrottlingException: slow down", failed=True))
    assert store.write(call([HI], "Hello!", at=1)) == [first]


def test_a_list_repeated_by_a_call_that_has_not_failed_either_is_another_conversation(store):
    assert len(set(store.write(call([HI], "Hello!"), call([HI], "Hello!", at=1)))) == 2


def test_the_longest_list_decides(store):
    (trunk,) = store.write(call([HI], "Hello!"))
    (branch,) = store.write(call([HI, HELLO, WHO], "A machine.", at=1, trace_id="branch"))
    assert store.write(call([HI, HELLO, WHO, ME, HI], at=2)) == [branch]
    assert store.write(call([HI, HELLO, user("Bye!")], at=3)) == [trunk]


@pytest.mark.parametrize("other", [{"service": "bank"}, {"system": "Be brief."}])
def test_another_service_or_system_prompt_is_another_conversation(store, other):
    (first,) = store.write(call([HI], "Hello!"))
    assert store.write(call([HI, HELLO, WHO], **other)) != [first]


def test_events_that_name_no_service_are_told_apart_by_their_system(store):
    (first,) = store.write(call([HI], "Hello!", resource=None, source={"system": "a"}))
    assert store.write(call([HI, HELLO, WHO], resource=None, source={"system": "b"}, at=1)) != [first]
    assert store.write(call([HI, HELLO, WHO], resource=None, source={"system": "a", "log_id": "2"}, at=1)) == [first]


def test_examples_at_the_start_of_every_prompt_make_no_conversation(store):
    shots = [user("2+2?"), assistant("4"), user("3+3?"), assistant("6")]
    questions = [call([*shots, user(f"{n}+{n}?")], str(2 * n), at=n) for n in range(5)]
    assert len({trace for event in questions for trace in store.write(event)}) == 5


def test_a_session_or_a_trace_id_decides_before_the_conversation_and_is_taken_by_it(store):
    (first,) = store.write(call([HI], "Hello!", session_id="s"))
    assert store.write(call([HI, HELLO, WHO], at=1, session_id="t")) != [first]
    assert store.write(call([HI, HELLO, user("Bye!")], at=2)) == [first]
    assert store.write(call([HI, HELLO, WHO], at=3, trace_id="given")) == ["given"]
    assert store.traces[first].session_id == "s"


def test_the_conversation_decides_before_the_agent(store):
    (first,) = store.write(call([HI], "Hello!"))
    store.write(call([WHO], "A machine.", at=1, agent_id="a"))
    assert store.write(call([HI, HELLO, WHO], at=2, agent_id="a")) == [first]


def test_an_agent_s_call_that_goes_on_with_nothing_is_the_agent_s(store):
    (first,) = store.write(call([WHO], "A machine.", agent_id="a"))
    assert store.write(call([HI], "Hello!", at=1, agent_id="a")) == [first]
    assert store.correlations() == ["created", "agent"]


def test_where_traces_may_not_be_made_the_conversation_still_places():
    store = Store()
    (first,) = store.write(call([HI], "Hello!"))
    assert store.write(call([HI, HELLO, WHO], at=1, creates_trace=False)) == [first]


def test_what_is_left_of_a_trace_that_is_gone_says_nothing(store):
    store.write(call([HI], "Hello!"))
    store.traces.clear()
    store.write(call([HI, HELLO, WHO], "A machine.", at=1))
    assert store.correlations() == ["created", "created"]
    assert store.write(call([HI, HELLO, WHO, ME, HI], at=2)) == list(store.traces)


def test_in_the_order_of_time_a_call_leaves_its_list_and_its_answer_and_no_more(store):
    messages = []
    for turn in range(20):
        messages.append(user(f"question {turn}"))
        before = len(store.chain_records)
        store.write(call(list(messages), f"answer {turn}", at=turn))
        assert len(store.chain_records) == before + 2
        messages.append(assistant(f"answer {turn}"))


def test_of_a_very_long_conversation_the_end_is_compared(store):
    messages = [message for turn in range(400) for message in (user(f"question {turn}"), assistant(f"answer {turn}"))]
    first = call([*messages, HI], "Hello!")
    assert (len(first.conversation.lists), first.conversation.unanswered) == (MAX_LISTS, 0)
    assert store.write(first) == store.write(call([*messages, HI, HELLO, WHO], at=DAY))


@pytest.mark.parametrize("properties", [{}, {"messages": "two"}, {"input": "hi"}])
def test_an_event_without_a_list_of_messages_has_no_conversation(properties):
    assert conversation_of(Event(id="e", timestamp=0, kind="json", properties=properties), [properties]) is None


@st.composite
def histories(draw):
    """Some conversations, each call as it happened: throttled before it was answered, its answer logged or not."""
    calls = []
    for topic in draw(st.lists(st.sampled_from("abc"), unique=True, min_size=1)):
        messages, at = [], draw(st.integers(0, 100))
        for turn in range(draw(st.integers(1, 4))):
            messages.append(user(f"{topic} {turn}"))
            failures = draw(st.integers(0, 1))
            calls += [call(list(messages), at=at + failure, failed=True) for failure in range(failures)]
            answer = f"{topic} answer {turn}"
            logged = draw(st.sampled_from([answer, None]))
            calls.append(call(list(messages), logged, at=at + failures))
            messages.append(assistant(answer))
            at += draw(st.integers(failures, 1000))
    return calls


def parts_of(store, history):
    return {frozenset(event.id for event in history if store.events[event.id].trace_id == id_) for id_ in store.traces}


@given(histories(), st.data())
def test_any_order_split_and_repetition_gives_one_trace_for_each_conversation(history, data):
    expected = {}
    for event in history:
        expected.setdefault(event.conversation.root, set()).add(event.id)
    order = data.draw(st.permutations(history + data.draw(st.lists(st.sampled_from(history)))))
    store = Store()
    while order:
        size = data.draw(st.integers(1, len(order)))
        store.write(*order[:size])
        order = order[size:]
    assert parts_of(store, history) == {frozenset(ids) for ids in expected.values()}
    assert sum(trace.event_count for trace in store.traces.values()) == len(history)
