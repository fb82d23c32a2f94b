# Qwen Code, without questions to a person.
unset OTEL_SERVICE_NAME
mkdir -p "$HOME/.qwen"
cat > "$HOME/.qwen/settings.json" <<END
{
  "general": { "enableAutoUpdate": false },
  "privacy": { "usageStatisticsEnabled": false },
  "security": { "auth": { "selectedType": "openai" } },
  "telemetry": {
    "enabled": true, "target": "local",
    "otlpEndpoint": "$SINK_URL", "otlpProtocol": "http", "logPrompts": true
  }
}
END
export OPENAI_API_KEY=none OPENAI_BASE_URL="$MODEL_URL/v1" OPENAI_MODEL="${MODEL:-qwen3-coder-plus}"
qwen --yolo --output-format stream-json --prompt "$TASK" | tee "$HOME/said.jsonl"
sed -n '1s/.*"session_id": *"\([^"]*\)".*/{"session": "\1"}/p' "$HOME/said.jsonl" >> "$TRUTH"
