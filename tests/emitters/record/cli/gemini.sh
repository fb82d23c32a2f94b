# Gemini CLI, without questions to a person.
unset OTEL_SERVICE_NAME
mkdir -p "$HOME/.gemini"
cat > "$HOME/.gemini/settings.json" <<END
{
  "general": { "enableAutoUpdate": false, "enableAutoUpdateNotification": false },
  "privacy": { "usageStatisticsEnabled": false },
  "security": { "auth": { "selectedType": "gemini-api-key" } },
  "telemetry": {
    "enabled": true, "target": "local",
    "otlpEndpoint": "$SINK_URL", "otlpProtocol": "http", "logPrompts": true, "traces": true
  }
}
END
export GEMINI_API_KEY=none GOOGLE_GEMINI_BASE_URL="$MODEL_URL" GEMINI_CLI_TRUST_WORKSPACE=true
gemini --yolo --model "${MODEL:-gemini-2.5-flash}" --output-format stream-json \
  --prompt "$TASK" | tee "$HOME/said.jsonl"
sed -n '1,3s/.*"session_id": *"\([^"]*\)".*/{"session": "\1"}/p' "$HOME/said.jsonl" >> "$TRUTH"
