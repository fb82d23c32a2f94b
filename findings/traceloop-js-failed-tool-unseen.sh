#!/usr/bin/env bash
# Traceloop's SDK for JavaScript: where a tool throws, its span is never sent, nor are those of the agent and the
# workflow around it: of a run that failed there is only what went well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' > package.json
cat > main.mjs <<'JAVASCRIPT'
import { readFileSync } from 'node:fs';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import * as traceloop from '@traceloop/node-server-sdk';

const { version } = JSON.parse(readFileSync('node_modules/@traceloop/node-server-sdk/package.json', 'utf8'));
console.log('@traceloop/node-server-sdk', version);
const exporter = new InMemorySpanExporter();
traceloop.initialize({
  appName: 'travel', exporter, disableBatch: true, traceloopSyncEnabled: false, silenceInitializationMessage: true,
});

const run = (city) =>
  traceloop.withWorkflow({ name: 'travel' }, () =>
    traceloop.withAgent({ name: 'weather_agent' }, async () => {
      await traceloop.withTool({ name: 'find_city' }, async () => city);
      return traceloop.withTool({ name: 'get_weather' }, async () => {
        if (city === 'Atlantis') throw new Error('no city is called Atlantis');
        return 'sunny';
      });
    }),
  );
const seen = {};
for (const city of ['Lisbon', 'Atlantis']) {
  const outcome = await run(city).catch((error) => `threw: ${error.message}`);
  await traceloop.forceFlush();
  const spans = exporter.getFinishedSpans();
  seen[city] = spans.map((span) => span.name).join(' ');
  console.log(`${city}: ${outcome}; spans: ${seen[city]}`);
  if (city === 'Atlantis') console.log(`    whose parent, ${spans[0].parentSpanContext?.spanId}, is not among them`);
  exporter.reset();
}
const expected = {
  Lisbon: 'find_city.tool get_weather.tool weather_agent.agent travel.workflow',
  Atlantis: 'find_city.tool',
};
const same = seen.Lisbon === expected.Lisbon && seen.Atlantis === expected.Atlantis;
console.log(same ? 'SEEN: a run that fails leaves one span of four, an orphan that went well' : '');
if (!same) console.error('CHANGED: the failed tool, its agent or its workflow has a span now, or the good run has not');
process.exit(same ? 0 : 1);
JAVASCRIPT
timeout 150 npm install --silent --no-audit --no-fund --save-exact \
  @traceloop/node-server-sdk@0.27.0 @opentelemetry/sdk-trace-base@2.12.1
timeout 60 node main.mjs
