"""LangSmith's SDK with its wrapper of openai, tracing over OTLP alone (LANGSMITH_OTEL_ONLY)."""

import contextlib

import openai
import travel
from langsmith import Client, traceable
from langsmith.wrappers import wrap_openai

langsmith = Client()
client = wrap_openai(openai.OpenAI(base_url=travel.MODEL_URL, api_key="none", max_retries=0))
weather = traceable(run_type="tool", name="weather", client=langsmith)(travel.weather)


@traceable(name=travel.AGENT, client=langsmith)
def ask(task, model):
    return travel.run(client, weather, model)


metadata = {"metadata": {"session_id": travel.SESSION}}
print(ask(travel.TASK, travel.MODEL, langsmith_extra=metadata))
with contextlib.suppress(openai.RateLimitError):
    ask(travel.TASK, travel.OVERLOADED, langsmith_extra=metadata)
langsmith.flush()
