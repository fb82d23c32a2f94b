"""AgentScope's agent with its tracing middleware."""

import asyncio

import weather

end = weather.telemetry()
from agentscope.agent import Agent  # noqa: E402
from agentscope.credential import OpenAICredential  # noqa: E402
from agentscope.message import UserMsg  # noqa: E402
from agentscope.middleware import TracingMiddleware  # noqa: E402
from agentscope.model import OpenAIChatModel  # noqa: E402
from agentscope.permission import PermissionBehavior, PermissionDecision  # noqa: E402
from agentscope.state import AgentState  # noqa: E402
from agentscope.tool import FunctionTool, Toolkit  # noqa: E402


async def ask(name):
    credential = OpenAICredential(api_key="none", base_url=weather.OPENAI_URL)
    model = OpenAIChatModel(credential, name, stream=True, max_retries=0, client_kwargs={"max_retries": 0})
    allowed = PermissionDecision(behavior=PermissionBehavior.ALLOW, message="")
    toolkit = Toolkit([FunctionTool(weather.get_weather, permission=allowed)])
    state = AgentState(session_id=weather.SESSION)
    agent = Agent(weather.AGENT, weather.SYSTEM, model, toolkit, [TracingMiddleware()], state)
    weather.tell(agent=weather.AGENT)
    weather.tell(session=weather.SESSION)
    answer = await agent.reply(UserMsg("user", weather.QUESTION))
    weather.tell(answer=answer.get_text_content())


asyncio.run(ask(weather.MODEL))
try:
    asyncio.run(ask(weather.OVERLOADED))
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
end()
