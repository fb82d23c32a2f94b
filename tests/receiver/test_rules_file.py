from pathlib import Path

import pytest

from mapping.semantics.log_parsing import DEFAULT_LOG_PARSING
from mapping.semantics.rules import apply
from receiver.settings import EventMapping, Settings, SettingsError, check
from receiver.settings.rules_file import read_rules_file

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "rules.yaml"


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "rules.yaml"
        path.write_text(text, "utf-8")
        return path

    return write


def test_the_example_can_be_used():
    reading = read_rules_file(EXAMPLE)
    assert [rule.name for rule in reading.rules] == ["failed tool", "payment tool", "refused card"]
    assert len(reading.ids.session) == 2


def test_without_a_file_and_with_an_empty_one_there_are_no_rules(file):
    assert read_rules_file(None) == read_rules_file(file("# nothing yet\n")) == DEFAULT_LOG_PARSING


def test_true_is_any_value_and_every_other_word_is_itself(file):
    reading = read_rules_file(
        file("""
rules:
- {name: any, fields: {a: true}}
- {name: word, priority: 1, fields: {a: on}}
- {name: quoted, priority: 1, fields: {a: "true", b: ["0123", 2026-01-07, 5]}}
""")
    )
    met = {value: apply(reading.rules, "", {"a": value, "b": b}) for value, b in (("on", 1), ("x", 1))}
    assert {value: said.rule for value, said in met.items()} == {"on": "word", "x": "any"}
    assert [apply(reading.rules, "", {"a": True, "b": b}).rule for b in ("0123", "2026-01-07", 5, 83)] == [
        "quoted",
        "quoted",
        "quoted",
        "any",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules: [{name: r, match: x, prority: 5}]", "rule 'r': prority: unknown; expected one of name, match"),
        ("rules: [{name: r, match: '('}]", "rule 'r': match: '(' is no regular expression"),
        ("rules: [{name: r, match: x, priority: high}]", "rule 'r': priority: expected a whole number, got str"),
        ("rules: [{name: r, match: x, name: s}]", "line 1: name is there twice"),
        ("ids: {session: ['(a)(b)']}", "ids.session: '(a)(b)' has 2 groups"),
        ("ids: {session: }", "ids.session: expected a list of regular expressions"),
        ("rules: [", "line 1: not YAML: "),
        ("[" * 5000, "nested too deep"),
        ("- name: r", "expected `rules:`"),
    ],
)
def test_what_is_wrong_is_said_with_the_file_the_rule_and_the_key(file, text, message):
    path = file(text)
    with pytest.raises(ValueError, match=r"\A" + f"{path}: ") as raised:
        read_rules_file(path)
    assert message in str(raised.value)


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"none\.yaml: No such file or directory"):
        read_rules_file(tmp_path / "none.yaml")
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(ValueError, match="bytes: expected UTF-8 text"):
        read_rules_file(tmp_path / "bytes")


def test_settings_with_rules_that_are_none_are_refused(file):
    path = file("rules: [{name: r}]")
    with pytest.raises(SettingsError, match=f"mapping.rules_file: {path}: rule 'r': match, fields: expected"):
        check(Settings(mapping=EventMapping(rules_file=path)))
    check(Settings(mapping=EventMapping(rules_file=EXAMPLE)))
