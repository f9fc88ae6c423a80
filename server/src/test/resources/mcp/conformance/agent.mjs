// An agent that knows nothing of OAuth, with the official TypeScript SDK: lists the tools and calls the first. Arguments: the
// server's address, and `legacy` or `auto` (see Attempt). AGENT_TOKEN, if there is one, is its user's token. NODE_MODULES is the
// folder with the SDK.
import { createRequire } from 'node:module';

const { Client, StreamableHTTPClientTransport } = createRequire(`${process.env.NODE_MODULES}/`)('@modelcontextprotocol/client');
const [url, mode] = process.argv.slice(2);
const token = process.env.AGENT_TOKEN;
const headers = token ? { authorization: `Bearer ${token}` } : {};
const client = new Client({ name: 'agent', version: '1' }, { versionNegotiation: { mode } });

await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }), { timeout: 15000 });
const { tools } = await client.listTools();
console.log(JSON.stringify(await client.callTool({ name: tools[0].name, arguments: {} })));
await client.close();
process.exit(0);
