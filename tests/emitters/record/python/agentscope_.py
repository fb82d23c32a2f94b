"""AgentScope's agent with its tracing."""

import asyncio
import inspect

import agentscope
import weather

print([name for name in dir(agentscope)], inspect.signature(agentscope.init) if hasattr(agentscope, "init") else None)
