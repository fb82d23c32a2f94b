# Claude Code, without questions to a person. Words: what it is asked beside the task.
export ANTHROPIC_BASE_URL="$MODEL_URL" ANTHROPIC_API_KEY=none IS_SANDBOX=1
export CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_AUTOUPDATER=1 DISABLE_ERROR_REPORTING=1
export CLAUDE_CODE_ENABLE_TELEMETRY=1 OTEL_LOGS_EXPORTER=otlp OTEL_METRICS_EXPORTER=none
export OTEL_LOG_USER_PROMPTS=1 OTEL_LOG_TOOL_DETAILS=1 OTEL_LOG_TOOL_CONTENT=1 OTEL_LOG_ASSISTANT_RESPONSES=1
unset OTEL_SERVICE_NAME
session=5e551014-0000-4000-8000-000000000001
echo "{\"session\": \"$session\"}" >> "$TRUTH"
claude --print --session-id "$session" --model claude-sonnet-4-5 --allowedTools=Read,Bash \
  "$TASK"
