"""Each case by its name: what the receiver shows of what a program sent, whatever the order in which it was sent."""

import pytest

from tests.cases import right
from tests.cases.shown import Shown


@pytest.mark.parametrize("name", right.CASES)
def test_what_happened_is_shown(told, order, name):
    case = right.CASES[name]
    assert [answer.text for answer in told[name].answers if answer.status_code != 200] == []
    shown = Shown(told[name], case.sessions)
    expected = dict(case.right)
    found = {clause: shown.clause(clause, right) for clause, right in expected.items()}
    if order in case.unordered:
        expected["turns"], found["turns"] = sorted(expected["turns"]), sorted(found["turns"])
    assert found == expected
