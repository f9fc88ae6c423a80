// Agents that use the TypeScript SDK and its streams. Reads attempts as JSON lines from the file named by its argument, makes them
// all at once, and writes what came of each as one JSON line. NODE_MODULES is the folder with the SDK.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';

const { Client, SSEClientTransport, StreamableHTTPClientTransport } =
  createRequire(`${process.env.NODE_MODULES}/`)('@modelcontextprotocol/client');

async function run({ name, url, token, era, seconds }) {
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  const oldest = era === 'oldest';
  const transport = new (oldest ? SSEClientTransport : StreamableHTTPClientTransport)(new URL(url), { requestInit });
  const client = new Client({ name: 'agent', version: '1' }, { versionNegotiation: { mode: era === 'newest' ? 'auto' : 'legacy' } });
  const heard = new Promise((resolve) => client.setNotificationHandler('notifications/tools/list_changed', () => resolve(true)));
  try {
    await client.connect(transport, { timeout: 15000 });
    const stream = era === 'newest' ? await client.listen({ toolsListChanged: true }) : undefined;
    const progress = [];
    await client.callTool({ name: 'test_tool_with_progress', arguments: {} }, { onprogress: (now) => progress.push(now.progress) });
    await wait(seconds * 1000); // the token with which the stream was opened expires
    await client.callTool({ name: 'test_trigger_tool_change', arguments: {} });
    const result = { name, progress, heard: await Promise.race([heard, wait(10000, false)]) };
    await stream?.close();
    return result;
  } catch (error) {
    return { name, progress: [], heard: false, error: inspect(error) };
  } finally {
    await client.close();
  }
}

const attempts = readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
for (const result of await Promise.all(attempts.map(run))) {
  console.log(JSON.stringify(result));
}
process.exit(0);
