"""LiteLLM with its callback "otel", or openinference, as the loop of an agent. Words: anthropic, stream."""

import contextlib
import json
import os
import sys

import weather

os.environ |= {"OTEL_EXPORTER": "otlp_http", "OTEL_ENDPOINT": f"{weather.SINK_URL}/v1/traces"}
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm

if "openinference" in sys.argv:
    end = weather.telemetry()
    from openinference.instrumentation.litellm import LiteLLMInstrumentor

    LiteLLMInstrumentor().instrument()
else:
    litellm.callbacks = ["otel"]
litellm.telemetry = False


def ask(name):
    model = {"model": f"anthropic/{name}", "api_base": weather.MODEL_URL} if "anthropic" in sys.argv else {
        "model": f"openai/{name}", "api_base": weather.OPENAI_URL}  # fmt: skip
    messages = [{"role": "system", "content": weather.SYSTEM}, {"role": "user", "content": weather.QUESTION}]
    weather.tell(session=weather.SESSION)
    while True:
        answer = litellm.completion(
            messages=messages, tools=weather.TOOLS, api_key="none", num_retries=0, max_retries=0,
            metadata={"session_id": weather.SESSION, "trace_user_id": "user"}, litellm_session_id=weather.SESSION,
            **({"stream": True, "stream_options": {"include_usage": True}} if "stream" in sys.argv else {}), **model,
        )  # fmt: skip
        if "stream" in sys.argv:
            answer = litellm.stream_chunk_builder(list(answer), messages=messages)
        message = answer.choices[0].message
        if not message.tool_calls:
            weather.tell(answer=message.content)
            return
        messages.append(message.model_dump(exclude_none=True))
        for call in message.tool_calls:
            try:
                content = weather.get_weather(**json.loads(call.function.arguments))
            except LookupError as error:
                content = str(error)
            messages.append({"role": "tool", "tool_call_id": call.id, "content": content})


ask("claude-sonnet-4-5" if "anthropic" in sys.argv else weather.MODEL)
with contextlib.suppress(litellm.exceptions.RateLimitError):
    ask(weather.OVERLOADED)
import time  # noqa: E402

time.sleep(2)
from opentelemetry import trace  # noqa: E402

with contextlib.suppress(AttributeError):
    trace.get_tracer_provider().shutdown()
