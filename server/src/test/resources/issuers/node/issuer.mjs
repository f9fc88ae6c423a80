// oidc-provider on 127.0.0.1 with resource indicators. Arguments: port, file for the private key of the client `agent-key`.
// NODE_MODULES is the folder with the package. Prints `ready` when it answers.
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const { default: Provider, errors } = await import(pathToFileURL(`${process.env.NODE_MODULES}/oidc-provider/lib/index.js`));
const [port, keyFile] = process.argv.slice(2);
const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = (key, kid) => ({ ...key.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' });
const signing = pair();
const agent = pair();
writeFileSync(keyFile, agent.privateKey.export({ type: 'pkcs8', format: 'pem' }));

const secret = 'CANARY-agent secret+:%&/~';
const client = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: 'read write' };
const resources = new Map([
  ['http://tickets.example/mcp', 'read write'],
  ['http://wiki.example/mcp', 'read'],
]);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  scopes: ['read', 'write'],
  jwks: { keys: [jwk(signing.privateKey, 'provider')] },
  clients: [
    { ...client, client_id: 'agent', client_secret: secret },
    { ...client, client_id: 'agent-post', client_secret: secret, token_endpoint_auth_method: 'client_secret_post' },
    {
      ...client,
      client_id: 'agent-key',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [jwk(agent.publicKey, 'agent-key')] },
    },
  ].map((each) => ({ id_token_signed_response_alg: 'ES256', ...each })),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo(ctx, resource) {
        if (!resources.has(resource)) {
          throw new errors.InvalidTarget();
        }
        return { scope: resources.get(resource), accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } };
      },
    },
  },
});
provider.listen(port, '127.0.0.1', () => console.log('ready'));
