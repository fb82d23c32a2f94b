"""SDKs of tracing platforms around OpenAI's client: they decorate the agent and its tool. Words: the SDK's function."""

import contextlib
import os
import sys

import clients
import openai
import weather


def run(agent, tool, *, session=contextlib.nullcontext):
    """Ask twice, as a decorated agent whose tool is decorated; `session` makes the context that names the session."""
    weather.tell(agent=weather.AGENT)
    weather.tell(session=weather.SESSION)
    weather.get_weather = tool(weather.get_weather)

    def weather_agent(question, model):
        del question
        return clients.openai_chat(model)

    ask = agent(weather_agent)
    with session():
        weather.tell(answer=ask(weather.QUESTION, weather.MODEL))
        try:
            ask(weather.QUESTION, weather.OVERLOADED)
        except openai.RateLimitError as error:
            print("refused:", error)


def traceloop():
    from opentelemetry import trace
    from traceloop.sdk import Traceloop
    from traceloop.sdk.decorators import agent, tool, workflow

    Traceloop.init(app_name="weather", api_endpoint=weather.SINK_URL, telemetry_enabled=False)

    def session():
        Traceloop.set_association_properties({"session_id": weather.SESSION, "user_id": "user"})
        return contextlib.nullcontext()

    run(lambda f: workflow(name="travel")(agent(name=weather.AGENT)(f)), tool(name="get_weather"), session=session)
    trace.get_tracer_provider().shutdown()


def langfuse():
    os.environ |= {"LANGFUSE_PUBLIC_KEY": "none", "LANGFUSE_SECRET_KEY": "none", "LANGFUSE_HOST": weather.SINK_URL}
    from langfuse import Langfuse, observe, propagate_attributes
    from langfuse.openai import OpenAI
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    client = Langfuse(public_key="none", secret_key="none", span_exporter=OTLPSpanExporter())
    openai.OpenAI = OpenAI
    run(
        observe(name=weather.AGENT, as_type="agent"), observe(name="get_weather", as_type="tool"),
        session=lambda: propagate_attributes(session_id=weather.SESSION, user_id="user"),
    )  # fmt: skip
    client.shutdown()


def langsmith():
    os.environ |= {"LANGSMITH_TRACING": "true", "LANGSMITH_OTEL_ENABLED": "true", "LANGSMITH_OTEL_ONLY": "true"}
    os.environ["LANGSMITH_API_KEY"] = "none"
    end = weather.telemetry()
    from langsmith import Client, traceable, tracing_context
    from langsmith.wrappers import wrap_openai

    client, plain = Client(), openai.OpenAI
    openai.OpenAI = lambda **given: wrap_openai(plain(**given))
    run(
        traceable(name=weather.AGENT, client=client), traceable(run_type="tool", name="get_weather", client=client),
        session=lambda: tracing_context(metadata={"session_id": weather.SESSION}),
    )  # fmt: skip
    client.flush()
    end()


def mlflow():
    os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = f"{weather.SINK_URL}/v1/traces"
    os.environ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf"
    if "genai" in sys.argv:
        os.environ["MLFLOW_ENABLE_OTEL_GENAI_SEMCONV"] = "true"
    import mlflow

    mlflow.openai.autolog()

    def agent(function):
        @mlflow.trace(name=weather.AGENT, span_type="AGENT")
        def weather_agent(question, model):
            mlflow.update_current_trace(metadata={"mlflow.trace.session": weather.SESSION, "mlflow.trace.user": "user"})
            return function(question, model)

        return weather_agent

    run(agent, mlflow.trace(name="get_weather", span_type="TOOL"))
    mlflow.flush_trace_async_logging()
    from opentelemetry import trace

    with contextlib.suppress(AttributeError):
        trace.get_tracer_provider().shutdown()


def laminar():
    from lmnr import Laminar, observe

    Laminar.initialize(
        project_api_key="none", base_url="http://127.0.0.1", http_port=4318, grpc_port=4318, force_http=True
    )

    def agent(function):
        @observe(name=weather.AGENT, session_id=weather.SESSION, user_id="user")
        def weather_agent(question, model):
            return function(question, model)

        return weather_agent

    run(agent, observe(name="get_weather", span_type="TOOL"))
    Laminar.flush()
    Laminar.shutdown()


def openinference():
    from openinference.instrumentation import TracerProvider, using_session
    from openinference.instrumentation.openai import OpenAIInstrumentor
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    OpenAIInstrumentor().instrument(tracer_provider=provider)
    tracer = provider.get_tracer("weather")
    run(tracer.agent(name=weather.AGENT), tracer.tool, session=lambda: using_session(weather.SESSION))
    provider.shutdown()


def langwatch():
    import langwatch
    from openinference.instrumentation.openai import OpenAIInstrumentor

    os.environ["LANGWATCH_ENDPOINT"] = weather.SINK_URL
    langwatch.setup(api_key="none", endpoint_url=weather.SINK_URL, instrumentors=[OpenAIInstrumentor()])

    def agent(function):
        @langwatch.trace(name="travel", metadata={"thread_id": weather.SESSION, "user_id": "user"})
        @langwatch.span(name=weather.AGENT, type="agent")
        def weather_agent(question, model):
            return function(question, model)

        return weather_agent

    run(agent, langwatch.span(name="get_weather", type="tool"))
    from opentelemetry import trace

    trace.get_tracer_provider().shutdown()


def agentops():
    import agentops
    from agentops.sdk.decorators import agent, tool

    agentops.init(
        api_key="none",
        endpoint=weather.SINK_URL,
        exporter_endpoint=f"{weather.SINK_URL}/v1/traces",
        auto_start_session=False,
    )
    agentops.start_trace("travel", tags=[weather.SESSION])
    run(agent(name=weather.AGENT), tool(name="get_weather"))
    agentops.end_all_sessions() if hasattr(agentops, "end_all_sessions") else None
    from opentelemetry import trace

    trace.get_tracer_provider().shutdown()


def honeyhive():
    from honeyhive import HoneyHiveTracer, trace
    from openinference.instrumentation.openai import OpenAIInstrumentor

    tracer = HoneyHiveTracer.init(
        api_key="none", project="travel", session_name=weather.SESSION, server_url=weather.SINK_URL, session_id=None
    )
    OpenAIInstrumentor().instrument(tracer_provider=tracer.provider)
    run(trace(event_type="chain", event_name=weather.AGENT), trace(event_type="tool", event_name="get_weather"))
    tracer.provider.shutdown()


globals()[sys.argv[1]]()
