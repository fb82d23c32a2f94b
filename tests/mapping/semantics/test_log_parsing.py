import pytest

from mapping.semantics.id_patterns import ids_in
from mapping.semantics.log_parsing import DEFAULT_LOG_PARSING, compile_log_parsing


@pytest.mark.parametrize("written", [None, {}, {"rules": None, "ids": None}, {"rules": []}])
def test_what_is_left_out_is_as_usual(written):
    assert compile_log_parsing(written) == DEFAULT_LOG_PARSING


def test_rules_and_ids_stand_beside_each_other():
    reading = compile_log_parsing({"rules": [{"name": "r", "match": "x"}], "ids": {"session": [r"chat#(\d+)"]}})
    assert [rule.name for rule in reading.rules] == ["r"]
    assert ids_in("chat#12 agent_id=a", reading.ids) == ("12", None, "a")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ([], "expected `rules:` with a list below it"),
        ("x", "expected `rules:` with a list below it"),
        ({"rule": []}, "rule: unknown; expected one of rules, ids"),
        ({None: []}, "None: unknown; expected one of rules, ids"),
        ({"rules": {"name": "r"}}, "rules: expected a list, got dict"),
        ({"rules": [{"name": "r", "match": "("}]}, "rule 'r': match: '\\(' is no regular expression"),
        ({"ids": ["x"]}, "ids: expected session, request or agent with a list of regular expressions each"),
        ({"ids": {"user": ["x"]}}, "ids.user: unknown; expected one of session, request, agent"),
        ({"ids": {"agent": ["("]}}, "ids.agent: '\\(' is no regular expression"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_key(written, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        compile_log_parsing(written)
