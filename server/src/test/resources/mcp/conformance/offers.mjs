// What the server offers: the tools, resources and prompts that the scenarios of the MCP conformance suite ask for, each with
// the name and the answer that its scenario's description gives. Written once for both eras of the protocol.
import { setTimeout as wait } from 'node:timers/promises';
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.NODE_MODULES}/`);
const sdk = require('@modelcontextprotocol/server');
const { McpServer, ResourceTemplate, acceptedContent, completable, fromJsonSchema, inputRequired, inputResponse } = sdk;

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC';
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';
const state = sdk.createRequestStateCodec({ key: crypto.getRandomValues(new Uint8Array(32)) });

const text = (value) => ({ content: [{ type: 'text', text: value }] });
const image = { type: 'image', data: PNG, mimeType: 'image/png' };
const schema = (properties, required = Object.keys(properties)) => fromJsonSchema({ type: 'object', properties, required });
const string = { type: 'string' };
const ask = (message, name, type = 'string') =>
  inputRequired.elicit({ message, requestedSchema: { type: 'object', properties: { [name]: { type } }, required: [name] } });
const say = (prompt, maxTokens) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens });
const accepted = (ctx, key) => acceptedContent(ctx.mcpReq.inputResponses, key);
const answered = (ctx, key) => ctx.mcpReq.inputResponses?.[key] !== undefined && inputResponse(ctx.mcpReq.inputResponses, key);
const result = (name, { action, content }) => text(`${name}: action=${action}, content=${JSON.stringify(content ?? {})}`);

function contents(server) {
  const tool = (name, run) => server.registerTool(name, { description: name }, run);
  tool('test_simple_text', () => text('This is a simple text response for testing.'));
  tool('test_image_content', () => ({ content: [image] }));
  tool('test_audio_content', () => ({ content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }] }));
  const resource = (uri, mimeType, value) => ({ type: 'resource', resource: { uri, mimeType, text: value } });
  tool('test_embedded_resource', () => ({
    content: [resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
  }));
  const mixed = resource('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}');
  tool('test_multiple_content_types', () => ({ content: [...text('Multiple content types test:').content, image, mixed] }));
  tool('test_error_handling', () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
}

function streams(server, notify) {
  const tool = (name, run) => server.registerTool(name, { description: name }, run);
  tool('test_tool_with_logging', async (ctx) => {
    for (const message of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await ctx.mcpReq.log('info', message);
      await wait(50);
    }
    return text('logged');
  });
  tool('test_logging_tool', async (ctx) => {
    await ctx.mcpReq.log('info', 'only for those who asked');
    return text('logged');
  });
  tool('test_tool_with_progress', async (ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined) {
        await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
      }
      await wait(50);
    }
    return text('done');
  });
  tool('test_reconnection', async (ctx) => {
    await wait(50);
    ctx.http?.closeSSE?.(); // the answer waits for a client that comes back with Last-Event-ID
    await wait(100);
    return text('answered after the stream was closed');
  });
  tool('test_trigger_tool_change', () => (notify.toolsChanged(), text('changed')));
  tool('test_trigger_prompt_change', () => (notify.promptsChanged(), text('changed')));
}

// The older era: the server asks the client while the call waits.
function questions(server) {
  const tool = (name, inputSchema, run) => server.registerTool(name, { description: name, inputSchema }, run);
  tool('test_sampling', schema({ prompt: string }), async ({ prompt }, ctx) => {
    const messages = [{ role: 'user', content: { type: 'text', text: prompt } }];
    const answer = await ctx.mcpReq.requestSampling({ messages, maxTokens: 100 });
    return text(`LLM response: ${answer.content.text}`);
  });
  tool('test_elicitation', schema({ message: string }), async ({ message }, ctx) => {
    const requestedSchema = { type: 'object', properties: { username: string, email: string }, required: ['username', 'email'] };
    return result('User response', await ctx.mcpReq.elicitInput({ message, requestedSchema }));
  });
  const defaults = {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  };
  const titled = (word) => [1, 2, 3].map((n) => ({ const: `value${n}`, title: `${['First', 'Second', 'Third'][n - 1]} ${word}` }));
  const options = ['option1', 'option2', 'option3'];
  const enums = {
    untitledSingle: { type: 'string', enum: options },
    titledSingle: { type: 'string', oneOf: titled('Option') },
    legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
    untitledMulti: { type: 'array', items: { type: 'string', enum: options } },
    titledMulti: { type: 'array', items: { anyOf: titled('Choice') } },
  };
  for (const [name, properties] of Object.entries({ sep1034_defaults: defaults, sep1330_enums: enums })) {
    tool(`test_elicitation_${name}`, undefined, async (ctx) => {
      const requestedSchema = { type: 'object', properties, required: [] };
      return result('Elicitation completed', await ctx.mcpReq.elicitInput({ message: 'Please fill this in', requestedSchema }));
    });
  }
}

// The newer era: a call that needs more is answered with what it needs, and made again.
function inputs(server) {
  const tool = (name, run) => server.registerTool(`test_input_required_result_${name}`, { description: name }, run);
  const need = (inputRequests, requestState) => inputRequired({ inputRequests, ...(requestState ? { requestState } : {}) });
  tool('elicitation', (ctx) => {
    const name = accepted(ctx, 'user_name')?.name;
    return typeof name === 'string' ? text(`Hello, ${name}!`) : need({ user_name: ask('What is your name?', 'name') });
  });
  tool('sampling', (ctx) => {
    const answer = answered(ctx, 'capital_question');
    return answer ? text(JSON.stringify(answer)) : need({ capital_question: say('What is the capital of France?', 100) });
  });
  tool('list_roots', (ctx) => {
    const roots = answered(ctx, 'client_roots');
    return roots ? text(JSON.stringify(roots)) : need({ client_roots: inputRequired.listRoots() });
  });
  for (const name of ['request_state', 'tampered_state']) {
    tool(name, async (ctx) =>
      ctx.mcpReq.requestState?.() && accepted(ctx, 'confirm')
        ? text('state-ok')
        : need({ confirm: ask('Please confirm', 'ok', 'boolean') }, await state.mint({ name })));
  }
  tool('multiple_inputs', async (ctx) => {
    const asked = { user_name: ask('What is your name?', 'name'), greeting: say('Generate a greeting', 50), client_roots: inputRequired.listRoots() };
    const all = ctx.mcpReq.requestState?.() && Object.keys(asked).every((key) => ctx.mcpReq.inputResponses?.[key] !== undefined);
    return all ? text('got all three') : need(asked, await state.mint({ round: 1 }));
  });
  tool('multi_round', async (ctx) => {
    const round = ctx.mcpReq.requestState?.()?.round ?? 0;
    if (round === 2 && accepted(ctx, 'step2')) {
      return text(`${accepted(ctx, 'step2').color} it is`);
    }
    return round >= 1 && accepted(ctx, 'step1')
      ? need({ step2: ask('Step 2: What is your favorite color?', 'color') }, await state.mint({ round: 2 }))
      : need({ step1: ask('Step 1: What is your name?', 'name') }, await state.mint({ round: 1 }));
  });
  tool('capabilities', (ctx) => {
    const has = ctx.mcpReq.envelope?.['io.modelcontextprotocol/clientCapabilities'] ?? {};
    const asked = { ...(has.elicitation ? { user_name: ask('What is your name?', 'name') } : {}), ...(has.sampling ? { greeting: say('Hello', 50) } : {}) };
    return Object.keys(asked).length ? need(asked) : text('nothing to ask with');
  });
  server.registerPrompt('test_input_required_result_prompt', { description: 'asks first' }, (ctx) => {
    const context = accepted(ctx, 'user_context')?.context;
    return context
      ? { messages: [{ role: 'user', content: { type: 'text', text: context } }] }
      : need({ user_context: ask('What context should the prompt use?', 'context') });
  });
  // The SDK refuses to ask a client that cannot answer.
  server.registerTool('test_missing_capability', { description: 'needs sampling' }, () => need({ greeting: say('Hello', 50) }));
  server.registerTool('test_streaming_elicitation', { description: 'asks' }, () => need({ user_name: ask('What is your name?', 'name') }));
}

function schemas(server) {
  const address = { $anchor: 'addressDef', type: 'object', properties: { street: string, city: string } };
  const rich = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: { address },
    properties: { name: string, address: { $ref: '#/$defs/address' }, contactMethod: { type: 'string', enum: ['phone', 'email'] }, phone: string, email: string },
    allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
    if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
    then: { required: ['phone'] },
    else: { required: ['email'] },
    additionalProperties: false,
  };
  server.registerTool('json_schema_2020_12_tool', { description: 'Tool with JSON Schema 2020-12 features', inputSchema: fromJsonSchema(rich) }, () => text('fine'));
  const region = { type: 'string', 'x-mcp-header': 'Region' };
  server.registerTool('test_header', { description: 'has a parameter in a header', inputSchema: schema({ region }) }, (args) => text(args.region));
}

function resources(server) {
  const fixed = (uri, mimeType, body) =>
    server.registerResource(uri, uri, { description: uri, mimeType }, () => ({ contents: [{ uri, mimeType, ...body }] }));
  fixed('test://static-text', 'text/plain', { text: 'This is the content of the static text resource.' });
  fixed('test://static-binary', 'image/png', { blob: PNG });
  fixed('test://watched-resource', 'text/plain', { text: 'watched' });
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
  server.registerResource('template', template, { description: 'by id', mimeType: 'application/json' }, (uri, { id }) => {
    const data = { id, templateTest: true, data: `Data for ID: ${id}` };
    return { contents: [{ uri: uri.href, mimeType: 'application/json', text: JSON.stringify(data) }] };
  });
}

function prompts(server) {
  const user = (content) => ({ role: 'user', content });
  const words = (value) => user({ type: 'text', text: value });
  const prompt = (name, argsSchema, run) => server.registerPrompt(name, { description: name, argsSchema }, run);
  prompt('test_simple_prompt', undefined, () => ({ messages: [words('This is a simple prompt for testing.')] }));
  const { z } = require('zod');
  const arg1 = completable(z.string(), (value) => ['paris', 'park', 'party'].filter((word) => word.startsWith(value)));
  prompt('test_prompt_with_arguments', z.object({ arg1, arg2: z.string() }), (args) => ({
    messages: [words(`Prompt with arguments: arg1='${args.arg1}', arg2='${args.arg2}'`)],
  }));
  prompt('test_prompt_with_embedded_resource', z.object({ resourceUri: z.string() }), ({ resourceUri }) => {
    const resource = { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' };
    return { messages: [user({ type: 'resource', resource }), words('Please process the embedded resource above.')] };
  });
  prompt('test_prompt_with_image', undefined, () => ({ messages: [user(image), words('Please analyze the image above.')] }));
}

/** A server for one session, or for one request of the newer era; notify tells all listeners. */
export function offer({ era, notify }) {
  const capabilities = { tools: { listChanged: true }, prompts: { listChanged: true }, resources: { subscribe: true }, logging: {}, completions: {} };
  const server = new McpServer({ name: 'conformance', version: '1' }, { capabilities, requestState: { verify: state.verify } });
  contents(server);
  streams(server, notify(server));
  schemas(server);
  resources(server);
  prompts(server);
  if (era === 'modern') {
    inputs(server);
  } else {
    questions(server);
    server.server.setRequestHandler('resources/subscribe', () => ({}));
    server.server.setRequestHandler('resources/unsubscribe', () => ({}));
  }
  return server;
}
