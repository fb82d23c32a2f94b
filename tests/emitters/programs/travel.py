"""What every program here does: an agent is given a task, calls its tool, which fails once, and answers; then, in the
same session, it is given another one, and the model's API refuses it.

`run` is such an agent's loop, for emitters that see the calls of a model's client and bring no loop of their own.
"""

import json
import os

MODEL_URL = os.environ["MODEL_URL"]
MODEL = "stand-in"
OVERLOADED = "overloaded"
AGENT = "weather-agent"
SESSION = os.environ["SESSION"]
TASK = "How is the weather in Atlantis, and in Lisbon?"

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather of a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


def weather(city):
    if city == "Atlantis":
        raise LookupError(f"no city is called {city}")
    return f"sunny and 24 degrees in {city}"


def run(client, tool, model):
    """Ask the model, and call `tool` as it says, until it answers."""
    messages = [{"role": "system", "content": "You know the weather."}, {"role": "user", "content": TASK}]
    while True:
        answer = client.chat.completions.create(model=model, messages=messages, tools=TOOLS).choices[0].message
        if not answer.tool_calls:
            return answer.content
        messages.append(answer.model_dump(exclude_none=True))
        for call in answer.tool_calls:
            try:
                content = tool(**json.loads(call.function.arguments))
            except LookupError as error:
                content = str(error)
            messages.append({"role": "tool", "tool_call_id": call.id, "content": content})
