// OpenInference's instrumentations of the OpenAI and the Anthropic client. Words: stream, responses; anthropic.
import { AnthropicInstrumentation } from '@arizeai/openinference-instrumentation-anthropic';
import { OpenAIInstrumentation } from '@arizeai/openinference-instrumentation-openai';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { loop, messages } from '../loop.mjs';
import { provider } from '../telemetry.mjs';
import * as weather from '../weather.mjs';

new OpenAIInstrumentation({ tracerProvider: provider }).manuallyInstrument(OpenAI);
new AnthropicInstrumentation({ tracerProvider: provider }).manuallyInstrument(Anthropic);
const words = process.argv.slice(2);
const ask = (model) =>
  words.includes('anthropic')
    ? messages(new Anthropic({ maxRetries: 0 }), model, weather.getWeather)
    : loop(new OpenAI({ maxRetries: 0 }), model, weather.getWeather, words);

weather.tell({ answer: await ask(words.includes('anthropic') ? weather.CLAUDE : weather.MODEL) });
await weather.refused(() => ask(weather.OVERLOADED));
await provider.shutdown();
