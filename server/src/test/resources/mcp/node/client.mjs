// An agent that uses the TypeScript SDK. Reads attempts as JSON lines from the file named by its argument, writes what
// came of each as one JSON line. NODE_MODULES is the folder with the SDK. Names *.example lead to 127.0.0.1, as
// hostAliases of a pod would have it.
import dns from 'node:dns';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { inspect } from 'node:util';

const { Client, StreamableHTTPClientTransport } = createRequire(`${process.env.NODE_MODULES}/`)('@modelcontextprotocol/client');
const lookup = dns.lookup;
dns.lookup = (host, options, done) => lookup(host.endsWith('.example') ? '127.0.0.1' : host, options, done);

// Remembers what an SDK that signs in by itself would want to do.
function signIn(token, did) {
  return {
    redirectUrl: 'http://127.0.0.1:9/callback',
    clientMetadata: { redirect_uris: ['http://127.0.0.1:9/callback'], client_name: 'agent' },
    clientInformation: () => ({ client_id: 'agent' }),
    tokens: () => (token ? { access_token: token, token_type: 'Bearer' } : undefined),
    saveTokens: () => did.push('saved tokens'),
    redirectToAuthorization: (url) => did.push(`sent the user to ${url.origin}${url.pathname}`),
    saveCodeVerifier: () => {},
    codeVerifier: () => 'verifier',
  };
}

async function run({ url, token, mode, accept, auth }) {
  const did = [];
  const headers = { ...(accept ? { accept } : {}), ...(token && auth === 'header' ? { authorization: `Bearer ${token}` } : {}) };
  const authProvider =
    auth === 'oauth' ? signIn(token, did) : auth === 'token' ? { token: async () => token ?? undefined } : undefined;
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers }, authProvider });
  const client = new Client({ name: 'agent', version: '1' }, { versionNegotiation: { mode } });
  const pushed = new Promise((resolve) => {
    client.setNotificationHandler('notifications/tools/list_changed', () => resolve(true));
  });
  try {
    await client.connect(transport, { timeout: 15000 });
    const { tools } = await client.listTools();
    const answer = await client.callTool({ name: 'whoami', arguments: {} });
    const result = { tools: tools.map((tool) => tool.name), whoami: JSON.parse(answer.content[0].text) };
    if (mode === 'legacy') {
      result.pushed = await Promise.race([pushed, new Promise((resolve) => setTimeout(resolve, 10000, false))]);
    }
    return result;
  } catch (error) {
    return { error: inspect(error), did }; // what Node prints of an error that nobody catches
  } finally {
    await client.close();
  }
}

for (const line of readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean)) {
  const attempt = JSON.parse(line);
  console.log(JSON.stringify({ name: attempt.name, ...(await run(attempt)) }));
}
process.exit(0);
