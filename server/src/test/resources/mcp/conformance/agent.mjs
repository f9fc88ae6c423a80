// Two agents that know nothing of OAuth, one after the other, with the official TypeScript SDK: each lists the tools and calls the
// first. Arguments: the server's address, and `legacy` or `auto` (see Attempt). AGENT_TOKEN, if there is one, is their user's
// token. NODE_MODULES is the folder with the SDK. Status 1 if one of them failed.
import { createRequire } from 'node:module';

const { Client, StreamableHTTPClientTransport } = createRequire(`${process.env.NODE_MODULES}/`)('@modelcontextprotocol/client');
const [url, mode] = process.argv.slice(2);
const token = process.env.AGENT_TOKEN;
const headers = token ? { authorization: `Bearer ${token}` } : {};

async function agent() {
  const client = new Client({ name: 'agent', version: '1' }, { versionNegotiation: { mode } });
  try {
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }), { timeout: 15000 });
    const { tools } = await client.listTools();
    console.log(JSON.stringify(await client.callTool({ name: tools[0].name, arguments: {} })));
    return true;
  } catch (failed) {
    console.error(failed);
    return false;
  } finally {
    await client.close();
  }
}

const first = await agent();
const second = await agent(); // finds what the first left behind
process.exit(first && second ? 0 : 1);
