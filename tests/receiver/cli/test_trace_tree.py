import pytest

from receiver.cli.commands.trace import tree
from receiver.cli.terminal import use_colours


@pytest.fixture
def span(event):
    def makes(name, span_id, parent=None, second=0, **fields):
        return event(
            id=f"{name}-{span_id}",
            name=name,
            span_id=span_id,
            parent_span_id=parent,
            timestamp=f"2026-01-07T19:00:{second:02}.000000000Z",
            **fields,
        )

    return makes


def names(lines):
    """Return each line's last column with its indentation."""
    return [line.partition("tool_call")[2][4:] for line in lines]


def test_events_stand_below_the_span_that_caused_them(span):
    events = [
        span("run", "a"),
        span("model", "b", "a", 1),
        span("sub-agent", "c", "a", 2),
        span("log", None, "b", 3),
        span("tool", "d", "c", 4),
    ]
    assert names(tree(events)) == ["run", "├─ model", "│  └─ log", "└─ sub-agent", "   └─ tool"]


def test_an_event_whose_parent_is_not_there_begins_a_tree(span):
    assert names(tree([span("run", "a"), span("stray", "b", "gone", 1)])) == ["run", "stray"]


def test_spans_that_are_each_others_parent_are_shown_once_each(span):
    events = [span("one", "a", "b"), span("two", "b", "a", 1), span("self", "c", "c", 2)]
    assert names(tree(events)) == ["self", "one", "└─ two"]


def test_a_chain_as_long_as_a_trace_may_be_is_shown(span):
    events = [span("run", "0"), *(span("step", str(n), str(n - 1)) for n in range(1, 5000))]
    assert len(tree(events)) == 5000


def test_the_first_column_says_how_long_after_the_start(span):
    assert [line.split("  ")[0] for line in tree([span("run", "a"), span("tool", "b", "a", 3)])] == ["0", "+3.0 s"]


def test_what_lies_deeper_than_a_terminal_is_wide_stands_at_the_edge(span):
    deep = names(tree([span("run", "0"), *(span("step", str(n), str(n - 1)) for n in range(1, 50))]))
    assert deep[30] == deep[49] == "   " * 29 + "└─ step"


def test_what_failed_is_coloured_and_words_of_others_stay_escaped(span):
    use_colours("always")
    try:
        line = tree([span("\033[2J", "a", status="error")])[0]
    finally:
        use_colours("auto")
    assert "\033[31m\\x1b[2J\033[0m" in line


def test_a_trace_without_events_is_an_empty_tree():
    assert tree([]) == []
