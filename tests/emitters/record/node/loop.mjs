// An agent made of nothing but the OpenAI client, for what traces that. Words: stream, responses (not both).
import * as weather from './weather.mjs';

const TOOL = { name: 'get_weather', description: weather.DESCRIPTION, parameters: weather.PARAMETERS };

/** Ask until there is an answer, and return it; a tool's failure is told to the model. */
export function loop(client, model, tool, words = []) {
  return words.includes('responses')
    ? responses(client, model, tool)
    : chat(client, model, tool, words.includes('stream'));
}

const outcome = (tool, given) => tool(JSON.parse(given)).catch((error) => `Error: ${error.message}`);

async function chat(client, model, tool, stream) {
  const messages = [
    { role: 'system', content: weather.SYSTEM },
    { role: 'user', content: weather.QUESTION },
  ];
  for (;;) {
    const asked = { model, messages, tools: [{ type: 'function', function: TOOL }] };
    const message = stream
      ? await streamed(client, asked)
      : (await client.chat.completions.create(asked)).choices[0].message;
    if (!message.tool_calls?.length) return message.content;
    messages.push(message);
    for (const call of message.tool_calls) {
      messages.push({ role: 'tool', tool_call_id: call.id, content: await outcome(tool, call.function.arguments) });
    }
  }
}

/** Put a message together from its pieces. */
async function streamed(client, asked) {
  const message = { role: 'assistant', content: '', tool_calls: [] };
  const chunks = await client.chat.completions.create({
    ...asked,
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const chunk of chunks) {
    const delta = chunk.choices[0]?.delta ?? {};
    message.content += delta.content ?? '';
    for (const piece of delta.tool_calls ?? []) {
      message.tool_calls[piece.index] ??= { id: piece.id, type: 'function', function: { name: '', arguments: '' } };
      const call = message.tool_calls[piece.index];
      call.function.name += piece.function?.name ?? '';
      call.function.arguments += piece.function?.arguments ?? '';
    }
  }
  if (!message.tool_calls.length) delete message.tool_calls;
  return message;
}

async function responses(client, model, tool) {
  const input = [{ role: 'user', content: weather.QUESTION }];
  for (;;) {
    const response = await client.responses.create({
      model,
      input,
      instructions: weather.SYSTEM,
      tools: [{ type: 'function', ...TOOL }],
    });
    const calls = response.output.filter((item) => item.type === 'function_call');
    if (!calls.length) return response.output_text;
    input.push(...response.output);
    for (const call of calls) {
      input.push({ type: 'function_call_output', call_id: call.call_id, output: await outcome(tool, call.arguments) });
    }
  }
}

/** Ask as `loop` does, by the Anthropic client. */
export async function messages(client, model, tool) {
  const said = [{ role: 'user', content: weather.QUESTION }];
  for (;;) {
    const message = await client.messages.create({
      model,
      max_tokens: 1000,
      system: weather.SYSTEM,
      messages: said,
      tools: [{ name: TOOL.name, description: TOOL.description, input_schema: TOOL.parameters }],
    });
    const calls = message.content.filter((block) => block.type === 'tool_use');
    if (!calls.length) return message.content.map((block) => block.text ?? '').join('');
    said.push({ role: 'assistant', content: message.content });
    const results = [];
    for (const call of calls) {
      const content = await outcome(tool, JSON.stringify(call.input));
      results.push({ type: 'tool_result', tool_use_id: call.id, content, is_error: content.startsWith('Error') });
    }
    said.push({ role: 'user', content: results });
  }
}
