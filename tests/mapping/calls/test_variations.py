"""Each variation by its name: what is made of it is right, in whatever order it was sent, and of outlines as well."""

from __future__ import annotations

import pytest
from variations import VARIATIONS, is_right, shown, tellings_of

from mapping.calls.interpret import interpret
from mapping.calls.outline import outline_of

ORDERS = {
    "as sent": lambda sent: sent,
    "reversed": lambda sent: sent[::-1],
    "logs first": lambda sent: sorted(sent, key=lambda one: "span" in one),
}


@pytest.mark.parametrize("name", VARIATIONS)
@pytest.mark.parametrize("order", ORDERS)
def test_a_variation_is_understood(name, order):
    one = VARIATIONS[name]
    told = shown(tellings_of(ORDERS[order](one["sent"])))
    assert {key: told[key] for key, right in one["right"].items() if not is_right(right, told[key])} == {}


@pytest.mark.parametrize("name", VARIATIONS)
def test_outlines_come_to_the_same_sums_and_calls(name):
    tellings = tellings_of(VARIATIONS[name]["sent"])
    whole, outlined = interpret(tellings), interpret([outline_of(telling) for telling in tellings])
    assert outlined.totals == whole.totals
    assert [_named(call) for call in outlined.calls] == [_named(call) for call in whole.calls]


def _named(call):
    return call.id, call.kind, call.name, call.agent, call.session_id, call.status, call.told_by, call.tool_call_id
