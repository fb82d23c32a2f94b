"""Instructor around OpenAI's client, which makes an object of the answer; OpenInference's instrumentations of both."""

import instructor
import openai
import weather
from pydantic import BaseModel

end = weather.telemetry()
from openinference.instrumentation.instructor import InstructorInstrumentor  # noqa: E402
from openinference.instrumentation.openai import OpenAIInstrumentor  # noqa: E402

InstructorInstrumentor().instrument()
OpenAIInstrumentor().instrument()


class GetWeather(BaseModel):
    """The weather of a city."""

    city: str


client = instructor.from_openai(openai.OpenAI(base_url=weather.OPENAI_URL, api_key="none", max_retries=0))


def ask(model):
    messages = [{"role": "system", "content": weather.SYSTEM}, {"role": "user", "content": weather.QUESTION}]
    wanted = client.chat.completions.create(model=model, messages=messages, response_model=GetWeather, max_retries=0)
    weather.tell(answer=wanted.model_dump_json())


ask(weather.MODEL)
try:
    ask(weather.OVERLOADED)
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
end()
