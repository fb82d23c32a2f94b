"""LangChain's agents on LangGraph.

Words: an instrumentation, stream; agents: a concierge's tool is the weather agent.
"""

import os
import sys

import weather

end = weather.telemetry if "auto" in sys.argv else weather.telemetry()
if "auto" in sys.argv:  # as `opentelemetry-instrument` does, of a distribution named in the environment
    from opentelemetry import baggage, context, trace
    from opentelemetry.instrumentation.auto_instrumentation import initialize

    initialize()
    end = trace.get_tracer_provider().shutdown
    context.attach(baggage.set_baggage("session.id", weather.SESSION))
elif "openinference" in sys.argv:
    from openinference.instrumentation.langchain import LangChainInstrumentor

    LangChainInstrumentor().instrument()
elif "genai" in sys.argv:
    from opentelemetry.instrumentation.genai.langchain import LangChainInstrumentor

    LangChainInstrumentor().instrument()
elif "traceloop" in sys.argv:
    from opentelemetry.instrumentation.langchain import LangchainInstrumentor

    LangchainInstrumentor().instrument()
else:
    os.environ |= {"LANGSMITH_TRACING": "true", "LANGSMITH_OTEL_ENABLED": "true", "LANGSMITH_OTEL_ONLY": "true"}
    os.environ["LANGSMITH_API_KEY"] = "none"

from langchain.agents import create_agent  # noqa: E402
from langchain.agents.middleware import wrap_tool_call  # noqa: E402
from langchain_core.messages import ToolMessage  # noqa: E402
from langchain_core.tools import tool  # noqa: E402
from langchain_openai import ChatOpenAI  # noqa: E402
from langgraph.checkpoint.memory import InMemorySaver  # noqa: E402


@wrap_tool_call
def say_errors(request, handler):
    """A tool's error ends the run, unless a middleware makes an answer of it."""
    try:
        return handler(request)
    except LookupError as error:
        return ToolMessage(f"LookupError: {error}", tool_call_id=request.tool_call["id"], status="error")


def expert(model, checkpointer=None):
    weather.tell(agent=weather.AGENT)
    return create_agent(
        model, [tool(weather.get_weather)], system_prompt=weather.SYSTEM, name=weather.AGENT, middleware=[say_errors],
        checkpointer=checkpointer,
    )  # fmt: skip


def concierge(model, checkpointer):
    agent = expert(model)

    @tool
    def ask_weather_agent(question: str) -> str:
        """Ask the weather agent."""
        return agent.invoke({"messages": [{"role": "user", "content": question}]})["messages"][-1].text

    weather.tell(agent="concierge")
    return create_agent(
        model, [ask_weather_agent], system_prompt="Ask who knows.", name="concierge", checkpointer=checkpointer
    )


def ask(name):
    model = ChatOpenAI(model=name, base_url=weather.OPENAI_URL, api_key="none", max_retries=0, stream_usage=True)
    agent = (concierge if "agents" in sys.argv else expert)(model, InMemorySaver())
    given = {"messages": [{"role": "user", "content": weather.QUESTION}]}
    config = {"configurable": {"thread_id": weather.SESSION}, "metadata": {"session_id": weather.SESSION}}
    weather.tell(session=weather.SESSION)
    if "stream" in sys.argv:
        *_, (_, values) = agent.stream(given, config, stream_mode=["messages", "values"])
    else:
        values = agent.invoke(given, config)
    weather.tell(answer=values["messages"][-1].text)


ask(weather.MODEL)
try:
    ask(weather.OVERLOADED)
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
if "langsmith" in sys.argv:
    from langchain_core.tracers.langchain import wait_for_all_tracers

    wait_for_all_tracers()
end()
