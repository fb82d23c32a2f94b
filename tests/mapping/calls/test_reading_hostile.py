"""Texts that are made to be slow to read are read in a time that grows with their length."""

import json
import time

import pytest
from events import span

from mapping.calls.reading import tell

CHAT = {"gen_ai.operation.name": "chat"}
TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find"}
CALL = {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "find"}}]}

SLOW = {
    "a failure of line breaks": CHAT | {"error.message": "x" + "\n" * 1_000_000},
    "a stack of JavaScript": CHAT | {"error.message": "\n    at " * 100_000},
    "the words of a framework": CHAT | {"error.message": "Failed to invoke Tool 'x' with parameters " * 20_000},
    "an interrupt without an end": CHAT | {"error.message": "Interrupt(value='" + "\\'" * 200_000},
    "braces": CHAT | {"error.message": "{'a':" * 30_000 + "}" * 30_000},
    "brackets of Python": CHAT | {"input.value": json.dumps(["M(a=" + "[" * 20_000 + "]" * 20_000 + ")"])},
    "words of Python": CHAT | {"input.value": json.dumps(["M(a=<A: '" + "<A: '" * 15_000 + "')"])},
    "a message of Python": TOOL | {"gen_ai.tool.call.result": "content='" + "\\'" * 200_000},
    "quotes": CHAT | {"mlflow.spanOutputs": '"' * 1_000_000},
    "nested JSON": CHAT | {"gen_ai.output.messages": "[" * 200_000},
    "answers in answers": CHAT | {"output.value": '{"output":' * 400 + "1" + "}" * 400},
    "calls and results": CHAT
    | {"gen_ai.input.messages": [CALL] * 10_000 + [{"role": "tool", "content": "x"}] * 10_000},
    "pieces of a stream": CHAT | {"gen_ai.output.messages": [{"role": "assistant", "content": "xyz" * 30}] * 20_000},
    "contexts": {"span.type": "llm_request", "new_context": "[USER]\n" * 50_000},
}


@pytest.mark.parametrize("properties", SLOW.values(), ids=SLOW)
def test_a_hostile_text_is_read_in_time(properties):
    began = time.process_time()
    tell(span(properties, status="error"))
    assert time.process_time() - began < 3
