"""Clients of models' APIs with an instrumentation, as the loop of an agent whose span is the application's own.

Words: the client (a function here), the instrumentation (a row of INSTRUMENTATIONS), stream.
"""

import importlib
import json
import sys

import weather

INSTRUMENTATIONS = {
    "v2": ("opentelemetry.instrumentation.openai_v2", "OpenAIInstrumentor"),
    "genai-openai": ("opentelemetry.instrumentation.genai.openai", "OpenAIInstrumentor"),
    "genai-anthropic": ("opentelemetry.instrumentation.genai.anthropic", "AnthropicInstrumentor"),
    "google-genai": ("opentelemetry.instrumentation.google_genai", "GoogleGenAiSdkInstrumentor"),
    "genai-bedrock": ("opentelemetry.instrumentation.genai.bedrock", "BedrockInstrumentor"),
    "botocore": ("opentelemetry.instrumentation.botocore", "BotocoreInstrumentor"),
    "openinference-openai": ("openinference.instrumentation.openai", "OpenAIInstrumentor"),
    "openinference-anthropic": ("openinference.instrumentation.anthropic", "AnthropicInstrumentor"),
    "openinference-google-genai": ("openinference.instrumentation.google_genai", "GoogleGenAIInstrumentor"),
    "openinference-bedrock": ("openinference.instrumentation.bedrock", "BedrockInstrumentor"),
    "openinference-litellm": ("openinference.instrumentation.litellm", "LiteLLMInstrumentor"),
    "openinference-instructor": ("openinference.instrumentation.instructor", "InstructorInstrumentor"),
    "traceloop-openai": ("opentelemetry.instrumentation.openai", "OpenAIInstrumentor"),
    "traceloop-anthropic": ("opentelemetry.instrumentation.anthropic", "AnthropicInstrumentor"),
    "traceloop-google": ("opentelemetry.instrumentation.google_generativeai", "GoogleGenerativeAiInstrumentor"),
    "traceloop-bedrock": ("opentelemetry.instrumentation.bedrock", "BedrockInstrumentor"),
    "traceloop-ollama": ("opentelemetry.instrumentation.ollama", "OllamaInstrumentor"),
}
STREAM = "stream" in sys.argv


def instrument():
    """Instrument as the words say; return what to call at the end."""
    words = sys.argv[2:]
    if "openlit" in words:
        end = weather.telemetry()
        import openlit

        openlit.init(otlp_endpoint=weather.SINK_URL, application_name="weather", disable_metrics=True)
        return end
    if "logfire" in words:
        import logfire

        logfire.configure(send_to_logfire=False, console=False, service_name="weather")
        {"openai_chat": logfire.instrument_openai, "openai_responses": logfire.instrument_openai,
         "anthropic_messages": logfire.instrument_anthropic}[sys.argv[1]]()  # fmt: skip
        return logfire.shutdown
    end = weather.telemetry()
    for word in words:
        if word in INSTRUMENTATIONS:
            module, name = INSTRUMENTATIONS[word]
            getattr(importlib.import_module(module), name)().instrument()
    return end


def result_of(arguments):
    """Return a tool's result or failure as a text for the model."""
    try:
        return weather.get_weather(**arguments)
    except LookupError as error:
        return f"LookupError: {error}"


def openai_chat(model):
    import openai

    client = openai.OpenAI(base_url=weather.OPENAI_URL, api_key="none", max_retries=0)
    messages = [{"role": "system", "content": weather.SYSTEM}, {"role": "user", "content": weather.QUESTION}]
    more = {"stream": True, "stream_options": {"include_usage": True}} if STREAM else {}
    while True:
        answer = client.chat.completions.create(model=model, messages=messages, tools=weather.TOOLS, **more)
        if STREAM:
            text, calls = "", []
            for chunk in answer:
                for choice in chunk.choices:
                    text += choice.delta.content or ""
                    for piece in choice.delta.tool_calls or []:
                        if piece.id:
                            calls.append({"id": piece.id, "type": "function",
                                          "function": {"name": piece.function.name, "arguments": ""}})  # fmt: skip
                        calls[-1]["function"]["arguments"] += piece.function.arguments or ""
        else:
            message = answer.choices[0].message
            text, calls = message.content, [call.model_dump() for call in message.tool_calls or []]
        if not calls:
            return text
        messages.append({"role": "assistant", "content": text or None, "tool_calls": calls})
        for call in calls:
            content = result_of(json.loads(call["function"]["arguments"]))
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": content})


def openai_responses(model):
    import openai

    client = openai.OpenAI(base_url=weather.OPENAI_URL, api_key="none", max_retries=0)
    items = [{"role": "user", "content": weather.QUESTION}]
    tools = [{"type": "function", **weather.TOOLS[0]["function"]}]
    while True:
        given = {"model": model, "instructions": weather.SYSTEM, "input": items, "tools": tools}
        if STREAM:
            *_, last = client.responses.create(**given, stream=True)
            answer = last.response
        else:
            answer = client.responses.create(**given)
        calls = [item for item in answer.output if item.type == "function_call"]
        if not calls:
            return answer.output_text
        items += [item.model_dump(exclude_none=True) for item in answer.output]
        for call in calls:
            output = result_of(json.loads(call.arguments))
            items.append({"type": "function_call_output", "call_id": call.call_id, "output": output})


def anthropic_messages(model):
    import anthropic

    client = anthropic.Anthropic(base_url=weather.MODEL_URL, api_key="none", max_retries=0)
    function = weather.TOOLS[0]["function"]
    tools = [{"name": function["name"], "description": function["description"], "input_schema": function["parameters"]}]
    messages = [{"role": "user", "content": weather.QUESTION}]
    while True:
        given = {"model": model, "max_tokens": 1000, "system": weather.SYSTEM, "messages": messages, "tools": tools}
        if STREAM:
            with client.messages.stream(**given) as stream:
                answer = stream.get_final_message()
        else:
            answer = client.messages.create(**given)
        calls = [part for part in answer.content if part.type == "tool_use"]
        if not calls:
            return answer.content[0].text
        messages.append(
            {"role": "assistant", "content": [part.model_dump(exclude_none=True) for part in answer.content]}
        )
        results = [{"type": "tool_result", "tool_use_id": call.id, "content": result_of(call.input)} for call in calls]
        messages.append({"role": "user", "content": results})


def gemini(model):
    from google import genai
    from google.genai import types

    client = genai.Client(api_key="none", http_options=types.HttpOptions(base_url=weather.MODEL_URL))
    function = weather.TOOLS[0]["function"]
    declaration = types.FunctionDeclaration(
        name=function["name"], description=function["description"], parameters_json_schema=function["parameters"]
    )
    automatic = "automatic" in sys.argv  # the client calls the functions itself
    tools = [weather.get_weather] if automatic else [types.Tool(function_declarations=[declaration])]
    config = types.GenerateContentConfig(system_instruction=weather.SYSTEM, tools=tools)
    contents = [types.Content(role="user", parts=[types.Part(text=weather.QUESTION)])]
    while True:
        if STREAM:
            parts = []
            for chunk in client.models.generate_content_stream(model=model, contents=contents, config=config):
                parts += chunk.candidates[0].content.parts
        else:
            answer = client.models.generate_content(model=model, contents=contents, config=config)
            parts = answer.candidates[0].content.parts
        calls = [part.function_call for part in parts if part.function_call]
        if not calls:
            return "".join(part.text for part in parts)
        contents.append(types.Content(role="model", parts=parts))
        for call in calls:
            response = {"result": result_of(call.args)}
            part = types.Part(function_response=types.FunctionResponse(id=call.id, name=call.name, response=response))
            contents.append(types.Content(role="user", parts=[part]))


def bedrock(model):
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "bedrock-runtime", endpoint_url=weather.MODEL_URL, config=Config(retries={"total_max_attempts": 1})
    )
    function = weather.TOOLS[0]["function"]
    spec = {
        "name": function["name"],
        "description": function["description"],
        "inputSchema": {"json": function["parameters"]},
    }
    messages = [{"role": "user", "content": [{"text": weather.QUESTION}]}]
    while True:
        answer = client.converse(
            modelId=model,
            system=[{"text": weather.SYSTEM}],
            messages=messages,
            toolConfig={"tools": [{"toolSpec": spec}]},
        )
        message = answer["output"]["message"]
        calls = [part["toolUse"] for part in message["content"] if "toolUse" in part]
        if not calls:
            return message["content"][0]["text"]
        messages.append(message)
        results = [
            {"toolResult": {"toolUseId": call["toolUseId"], "content": [{"text": result_of(call["input"])}]}}
            for call in calls
        ]
        messages.append({"role": "user", "content": results})


def ollama_chat(model):
    import ollama

    client = ollama.Client(host=weather.MODEL_URL)
    messages = [{"role": "system", "content": weather.SYSTEM}, {"role": "user", "content": weather.QUESTION}]
    while True:
        message = client.chat(model=model, messages=messages, tools=weather.TOOLS).message
        if not message.tool_calls:
            return message.content
        messages.append(message.model_dump(exclude_none=True))
        for call in message.tool_calls:
            content = result_of(dict(call.function.arguments))
            messages.append({"role": "tool", "tool_name": call.function.name, "content": content})


CLIENTS = {
    "openai_chat": (openai_chat, weather.MODEL, weather.OVERLOADED),
    "openai_responses": (openai_responses, weather.MODEL, weather.OVERLOADED),
    "anthropic_messages": (anthropic_messages, "claude-sonnet-4-5", "claude-overloaded"),
    "gemini": (gemini, "gemini-2.5-flash", "gemini-overloaded"),
    "bedrock": (bedrock, "anthropic.claude-3-5-sonnet-20240620-v1:0", "anthropic.claude-overloaded"),
    "ollama_chat": (ollama_chat, "llama3.1", "overloaded"),
}


def main():
    end = instrument()
    from opentelemetry import trace

    ask, model, overloaded = CLIENTS[sys.argv[1]]
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": weather.AGENT}
    attributes["gen_ai.conversation.id"] = weather.SESSION
    weather.tell(agent=weather.AGENT)
    weather.tell(session=weather.SESSION)
    tracer = trace.get_tracer("travel")
    with tracer.start_as_current_span(f"invoke_agent {weather.AGENT}", attributes=attributes):
        weather.tell(answer=ask(model))
    try:
        with tracer.start_as_current_span(f"invoke_agent {weather.AGENT}", attributes=attributes):
            ask(overloaded)
    except Exception as error:  # noqa: BLE001 - each client raises its own
        print("refused:", repr(error)[:300])
    end()


if __name__ == "__main__":
    main()
