# GitHub Copilot CLI with a model of one's own, offline, without questions to a person. Words: anthropic.
unset OTEL_SERVICE_NAME
if [ "${1:-}" = anthropic ]; then
  export COPILOT_PROVIDER_BASE_URL="$MODEL_URL" COPILOT_PROVIDER_TYPE=anthropic COPILOT_MODEL="${MODEL:-claude-sonnet-4-5}"
else
  export COPILOT_PROVIDER_BASE_URL="$MODEL_URL/v1" COPILOT_PROVIDER_TYPE=openai COPILOT_MODEL="${MODEL:-gpt-4o-mini}"
fi
export COPILOT_PROVIDER_API_KEY=none COPILOT_OFFLINE=true COPILOT_AUTO_UPDATE=false
export COPILOT_OTEL_ENABLED=true OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true
session=5e551014-0000-4000-8000-000000000002
echo "{\"session\": \"$session\"}" >> "$TRUTH"
copilot --no-auto-update --allow-all-tools --allow-all-paths --session-id "$session" \
  --prompt "$TASK"
