// An empty list: because of the filters, or because nothing was sent yet.

import { html } from "./vendor/preact.js";
import { currentKey } from "./api.js";
import { Copy } from "./copy.js";
import { here, navigate } from "./route.js";

/**
 * `filtered` is true if filters may hide something; `what` names what is missing.
 *
 * @param {{what?: string, filtered?: boolean}} props
 */
export function Empty({ what = "traces", filtered = false }) {
  if (filtered) {
    return html`<div class="empty"><p>No ${what} match these filters.</p>
      <button onClick=${() => navigate(here())}>Clear filters</button></div>`;
  }
  const base = new URL(".", location.href.split("#")[0]).href.replace(/\/$/, "");
  const hasKey = currentKey() !== null;
  const header = hasKey ? " -H 'Authorization: Bearer YOUR_KEY'" : "";
  const curl = `curl -X POST ${base}/api/v1/events -H 'Content-Type: application/json'${header} -d '{
  "timestamp": "${new Date().toISOString()}",
  "event_type": "tool_call",
  "agent_id": "my-agent",
  "session_id": "session-1",
  "properties": {"tool_name": "web_search", "input": "latest AI news", "output": "Found 10 articles"}
}'`;
  const headers = hasKey ? "\nexport OTEL_EXPORTER_OTLP_HEADERS=x-api-key=YOUR_KEY" : "";
  const env = `export OTEL_EXPORTER_OTLP_ENDPOINT=${base}${headers}`;
  const ways = [
    ["A made-up travel agent's runs", `vectadb-receiver send-demo --url ${base}${hasKey ? " --api-key YOUR_KEY" : ""}`],
    ["One event", curl],
    ["Any program with an OpenTelemetry SDK (OTLP over HTTP)", env],
  ];
  return html`<div class="empty">
    <p>Nothing was sent yet. What agents do is shown here as soon as it arrives:</p>
    ${ways.map(([title, command]) => html`<h2>${title}</h2>
      <div class="command"><pre tabindex="0">${command}</pre><${Copy} text=${command} /></div>`)}
  </div>`;
}
