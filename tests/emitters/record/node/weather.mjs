// What every program here shares, as python/weather.py: the agent, its tool, its question, and where they note what is
// true.
import { appendFileSync } from 'node:fs';

export const MODEL_URL = process.env.MODEL_URL;
export const OPENAI_URL = `${MODEL_URL}/v1`;
export const SINK_URL = process.env.SINK_URL;
export const MODEL = 'gpt-4o-mini';
export const CLAUDE = 'claude-sonnet-4-5';
export const OVERLOADED = 'overloaded';
export const AGENT = 'weather_agent';
export const SESSION = 'session-7f3a';
export const SYSTEM = 'You know the weather. Be brief.';
export const QUESTION = 'How is the weather in Atlantis, and in Lisbon?';

// Clients find the stand-in model by these, where they are not told.
Object.assign(process.env, { OPENAI_BASE_URL: OPENAI_URL, OPENAI_API_KEY: 'none' });
Object.assign(process.env, { ANTHROPIC_BASE_URL: MODEL_URL, ANTHROPIC_API_KEY: 'none' });
Object.assign(process.env, { GOOGLE_GEMINI_BASE_URL: MODEL_URL, GOOGLE_API_KEY: 'none' });

/** Add a line to the file that TRUTH names: what the program's own functions did, apart from its telemetry. */
export function tell(what) {
  appendFileSync(process.env.TRUTH, `${JSON.stringify(what)}\n`);
}

export const DESCRIPTION = 'The weather of a city.';
export const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

export async function getWeather({ city }) {
  if (city === 'Atlantis') {
    tell({ tool: 'get_weather', arguments: { city }, error: `Error: no city is called ${city}` });
    throw new Error(`no city is called ${city}`);
  }
  const result = `sunny and 24 degrees in ${city}`;
  tell({ tool: 'get_weather', arguments: { city }, result });
  return result;
}

/** Do what is refused by an overloaded model, and see that it is. */
export async function refused(does) {
  try {
    await does();
  } catch (error) {
    console.log(`refused: ${error}`);
    return;
  }
  console.log('not refused: the program swallowed it');
}
