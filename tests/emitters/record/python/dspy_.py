"""DSPy's ReAct. Words: openinference or genai."""

import sys

import weather

end = weather.telemetry()
if "openinference" in sys.argv:
    from openinference.instrumentation.dspy import DSPyInstrumentor
    from openinference.instrumentation.litellm import LiteLLMInstrumentor

    DSPyInstrumentor().instrument()
    if "litellm" in sys.argv:
        LiteLLMInstrumentor().instrument()
else:
    from opentelemetry.instrumentation.genai.dspy import DSPyInstrumentor

    DSPyInstrumentor().instrument()

import dspy  # noqa: E402


def ask(model):
    lm = dspy.LM(f"openai/{model}", api_base=weather.OPENAI_URL, api_key="none", num_retries=0, cache=False)
    with dspy.context(lm=lm):
        agent = dspy.ReAct(dspy.Signature("question -> answer", weather.SYSTEM), tools=[weather.get_weather])
        weather.tell(answer=agent(question=weather.QUESTION).answer)


ask(weather.MODEL)
try:
    ask(weather.OVERLOADED)
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
end()
