# opencode, without questions to a person, as a client of its own server: alone it ends before its exporter flushes.
# Words: anthropic.
unset OTEL_SERVICE_NAME
package=@ai-sdk/openai-compatible model=gpt-4o-mini
[ "${1:-}" != anthropic ] || package=@ai-sdk/anthropic model=claude-sonnet-4-5
cat > opencode.json <<END
{
  "autoupdate": false, "share": "disabled", "experimental": { "openTelemetry": true }, "permission": "allow",
  "model": "stand-in/$model", "small_model": "stand-in/$model",
  "provider": {
    "stand-in": {
      "npm": "$package", "options": { "baseURL": "$MODEL_URL/v1", "apiKey": "none" },
      "models": { "$model": { "name": "stand-in", "limit": { "context": 128000, "output": 4096 } } }
    }
  }
}
END
export OPENCODE_DISABLE_AUTOUPDATE=1 OPENCODE_DISABLE_MODELS_FETCH=1
opencode serve --port 4096 > "$HOME/served" 2>&1 &
server=$!
until grep -q listening "$HOME/served"; do sleep 1; done
sleep 3
opencode run --print-logs --attach http://127.0.0.1:4096 --format json "$TASK" | tee "$HOME/said.jsonl"
sed -n '1s/.*"sessionID": *"\([^"]*\)".*/{"session": "\1"}/p' "$HOME/said.jsonl" >> "$TRUTH"
sleep 15
kill $server
wait $server || true
