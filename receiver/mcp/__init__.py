"""The Model Context Protocol: the API's reads as tools for a model, over stdio and at `/mcp`."""

NOT_INSTALLED = "MCP needs the package mcp, which is an extra: pip install 'vectadb-receiver[mcp]'"
