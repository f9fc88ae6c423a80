// An agent as anybody would write it: express, the official MCP SDK and the usual HTTP clients. It knows nothing of tokens or of
// valetkey. `POST /ask/WAY?server=URL&question=TEXT` has the MCP server's tool called in that way, and answers with what came of
// it. Every request to the agent goes to standard output, a JSON object each. Argument: the port.
const { setTimeout: wait } = require('node:timers/promises');
const axios = require('axios');
const express = require('express');
const { Client, StreamableHTTPClientTransport } = require('@modelcontextprotocol/client');

const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const message = (question) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'whoami', arguments: { text: question } },
});

async function byFetch(server, question, more) {
  const body = JSON.stringify(message(question));
  const answer = await fetch(server, { method: 'POST', headers: { ...headers, ...more }, body });
  return { status: answer.status, text: await answer.text() };
}

async function byAxios(server, question) {
  const options = { headers, responseType: 'text', transformResponse: [], validateStatus: () => true };
  const answer = await axios.post(server, message(question), options);
  return { status: answer.status, text: answer.data };
}

async function connected(server) {
  const client = new Client({ name: 'agent', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(server)));
  return client;
}

async function whoami(client, question) {
  const answer = await client.callTool({ name: 'whoami', arguments: { text: question } });
  return { status: 200, text: answer.content[0].text };
}

async function byMcp(server, question) {
  let client;
  try {
    client = await connected(server);
    return await whoami(client, question);
  } catch (failed) {
    return { status: 0, text: String(failed) };
  } finally {
    await client?.close();
  }
}

// One session with the MCP server for all, opened by the first request.
let shared;
async function bySharedMcp(server, question) {
  shared ??= connected(server);
  return whoami(await shared, question);
}

// A worker that takes jobs from a queue every few milliseconds; it runs from the start, or from the first request on.
function worker() {
  const jobs = [];
  const start = () =>
    setInterval(async () => {
      const job = jobs.shift();
      if (job) {
        job.done(await byFetch(job.server, job.question));
      }
    }, 5);
  return { start, ask: (server, question) => new Promise((done) => jobs.push({ server, question, done })) };
}

const early = worker();
early.start();
const late = worker();
let started;

const ways = {
  fetch: (server, question) => byFetch(server, question),
  axios: byAxios,
  setTimeout: (server, question) =>
    new Promise((done) => {
      setTimeout(() => byFetch(server, question).then(done), 5);
    }),
  promise: (server, question) => wait(5).then(() => byFetch(server, question)),
  mcp: byMcp,
  shared_mcp: bySharedMcp,
  worker: (server, question) => early.ask(server, question),
  late_worker: (server, question) => {
    started ??= late.start();
    return late.ask(server, question);
  },
  forward: (server, question, request) => byFetch(server, question, { authorization: request.get('authorization') ?? '' }),
};

const app = express();
app.use((request, _, next) => {
  console.log(JSON.stringify({ path: request.path, headers: request.headersDistinct }));
  next();
});
app.get('/healthz', (_, response) => response.send('well'));
app.post('/ask/:way', async (request, response) => {
  const { server, question } = request.query;
  response.json(await ways[request.params.way](server, question, request));
});
app.listen(Number(process.argv[2]), '127.0.0.1');
