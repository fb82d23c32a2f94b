# Codex CLI, without questions to a person; its logs and traces go where its own configuration says.
unset OTEL_SERVICE_NAME
mkdir -p "$HOME/.codex"
cat > "$HOME/.codex/config.toml" <<END
model = "${MODEL:-gpt-5.5}"
model_provider = "stand-in"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.stand-in]
name = "stand-in"
base_url = "$MODEL_URL/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
[otel]
environment = "dev"
log_user_prompt = true
exporter = { otlp-http = { endpoint = "$SINK_URL/v1/logs", protocol = "binary" } }
trace_exporter = { otlp-http = { endpoint = "$SINK_URL/v1/traces", protocol = "binary" } }
END
export OPENAI_API_KEY=none
codex exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox \
  "$TASK" | tee "$HOME/said.jsonl"
sed -n 's/.*"thread_id": *"\([^"]*\)".*/{"session": "\1"}/p' "$HOME/said.jsonl" >> "$TRUTH"
