# Claude Code, which asks a receiver by MCP: its arguments are those of `claude mcp add`.
export ANTHROPIC_BASE_URL="$MODEL_URL" ANTHROPIC_API_KEY=none IS_SANDBOX=1
export CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_AUTOUPDATER=1 DISABLE_ERROR_REPORTING=1 CLAUDE_CODE_MAX_RETRIES=0
export ENABLE_TOOL_SEARCH=false # the tools are offered at once, as the stand-in expects
claude mcp add "$@"
claude mcp list
claude --print --model claude-sonnet-4-5 --allowedTools=mcp__vectadb__list_errors,mcp__vectadb__get_call "$TASK"
