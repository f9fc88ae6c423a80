// An MCP server with the official TypeScript SDK, for both eras of the protocol. Arguments: issuer, its jwks_uri, the audience that
// tokens must name. It listens on two ports of loopback, printed as one JSON line: `open` asks for no token; `guarded` refuses
// every request but those with exactly one Authorization header, a bearer token that the issuer signed for the audience.
// NODE_MODULES is the folder with the packages. Each request at the guarded port is one more JSON line.
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { offer } from './offers.mjs';

const require = createRequire(`${process.env.NODE_MODULES}/`);
const { createMcpHandler, isInitializeRequest, isLegacyRequest } = require('@modelcontextprotocol/server');
const { NodeStreamableHTTPServerTransport, localhostHostValidation, localhostOriginValidation, toNodeHandler, toWebRequest } =
  require('@modelcontextprotocol/node');
const { SSEServerTransport } = require('@modelcontextprotocol/server-legacy/sse');
const { createRemoteJWKSet, jwtVerify } = await import(pathToFileURL(require.resolve('jose')).href);

const [issuer, jwksUri, audience] = process.argv.slice(2);
const keys = jwksUri && createRemoteJWKSet(new URL(jwksUri));
const validHost = localhostHostValidation();
const validOrigin = localhostOriginValidation();

const modern = createMcpHandler(() => offer({ era: 'modern', notify: () => modern.notify }), { legacy: 'reject' });
const modernHandler = toNodeHandler(modern);

// Events of all streams by their ids, so that a stream can be resumed.
function eventStore() {
  const events = [];
  return {
    storeEvent: async (stream, message) => `${stream}_${events.push({ stream, message })}`,
    replayEventsAfter: async (last, { send }) => {
      const stream = last.slice(0, last.lastIndexOf('_'));
      for (let at = Number(last.slice(last.lastIndexOf('_') + 1)); at < events.length; at++) {
        if (events[at].stream === stream && Object.keys(events[at].message).length) {
          await send(`${stream}_${at + 1}`, events[at].message);
        }
      }
      return stream;
    },
  };
}

const sessions = new Map();
const legacyOffer = () =>
  offer({
    era: 'legacy',
    notify: (own) => ({ toolsChanged: () => own.sendToolListChanged(), promptsChanged: () => own.sendPromptListChanged() }),
  });

async function begin() {
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    eventStore: eventStore(),
    retryInterval: 200,
    onsessioninitialized: (id) => sessions.set(id, transport),
    onsessionclosed: (id) => sessions.delete(id),
  });
  await legacyOffer().connect(transport);
  return transport;
}

// Revision 2024-11-05: one stream for all answers, another address for the calls.
async function oldestHandler(request, response, body) {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname === '/mcp/sse') {
    const transport = new SSEServerTransport('/mcp/messages', response);
    sessions.set(transport.sessionId, transport);
    return legacyOffer().connect(transport);
  }
  return sessions.get(url.searchParams.get('sessionId')).handlePostMessage(request, response, body);
}

async function legacyHandler(request, response, body) {
  const id = request.headers['mcp-session-id'];
  const transport = sessions.get(id) ?? (!id && isInitializeRequest(body) ? await begin() : undefined);
  if (transport) {
    return transport.handleRequest(request, response, body);
  }
  response.writeHead(id ? 404 : 400, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32000, message: id ? 'Session not found' : 'No session' } }));
}

async function serve(request, response) {
  if (!validHost(request, response) || !validOrigin(request, response)) {
    return;
  }
  const chunks = await Array.fromAsync(request);
  let body;
  try {
    body = chunks.length ? JSON.parse(Buffer.concat(chunks)) : undefined;
  } catch {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'Parse error' } }));
    return;
  }
  if (request.url.startsWith('/mcp/')) {
    return oldestHandler(request, response, body);
  }
  const legacy = await isLegacyRequest(await toWebRequest(request, body), body);
  await (legacy ? legacyHandler : modernHandler)(request, response, body);
}

// Says what it thinks of a request, and later that its answer is complete or the client has gone.
async function refusal(request, response) {
  const values = request.rawHeaders.filter((value, at) => at % 2 === 1 && /^authorization$/i.test(request.rawHeaders[at - 1]));
  const token = values.length === 1 && values[0].startsWith('Bearer ') ? values[0].slice('Bearer '.length) : undefined;
  let why = values.length === 1 ? 'no bearer token' : `${values.length} Authorization headers`;
  let subject;
  try {
    if (token !== undefined) {
      subject = (await jwtVerify(token, keys, { issuer, audience })).payload.sub;
      why = undefined;
    }
  } catch (wrong) {
    why = wrong.code ?? String(wrong);
  }
  const digest = token === undefined ? undefined : createHash('sha256').update(token).digest('hex');
  console.log(JSON.stringify({ method: request.method, token: digest, subject, refused: why }));
  response.on('close', () => console.log(JSON.stringify({ method: request.method, token: digest, subject, refused: why, ended: true })));
  return why;
}

async function guard(request, response) {
  const why = await refusal(request, response);
  if (why === undefined) {
    return serve(request, response);
  }
  response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"', 'content-type': 'text/plain' });
  response.end(why);
}

function listen(handler) {
  const server = createServer((request, response) =>
    handler(request, response).catch((failed) => {
      console.error(failed);
      response.headersSent ? response.destroy() : response.writeHead(500).end();
    }));
  server.requestTimeout = 0;
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
}

console.log(JSON.stringify({ open: await listen(serve), guarded: await listen(guard) }));
