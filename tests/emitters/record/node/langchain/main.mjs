// LangChain with OpenInference's instrumentation. Words: stream, responses, anthropic.
import { LangChainInstrumentation } from '@arizeai/openinference-instrumentation-langchain';
import * as callbacks from '@langchain/core/callbacks/manager';
import { provider } from '../telemetry.mjs';
import * as weather from '../weather.mjs';
import { ask } from './agent.mjs';

new LangChainInstrumentation({ tracerProvider: provider }).manuallyInstrument(callbacks);
const words = process.argv.slice(2);

weather.tell({ agent: weather.AGENT });
weather.tell({ session: weather.SESSION });
weather.tell({ answer: await ask(words.includes('anthropic') ? weather.CLAUDE : weather.MODEL, words) });
await weather.refused(() => ask(weather.OVERLOADED, words));
await provider.shutdown();
