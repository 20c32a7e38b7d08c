import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import process from 'node:process';
import { json } from 'node:stream/consumers';
import { injectedBy, type OtherPod } from '../other-injection.ts';

// other-injector PORT IMAGE: mutating webhooks of somebody else. Prints a line for each review: its path, and the pod's name.
const [port, image = ''] = process.argv.slice(2);

interface Review {
  readonly request: { readonly uid: string; readonly object: OtherPod };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'https://other');
  const { uid, object } = ((await json(request)) as Review).request;
  const changed = injectedBy(pathname, object, image);
  console.log(`${pathname} ${object.metadata.name}`);
  const patch = (['metadata', 'spec'] as const)
    .filter((member) => changed[member] !== object[member])
    .map((member) => ({ op: 'add', path: `/${member}`, value: changed[member] }));
  const encoded = Buffer.from(JSON.stringify(patch)).toString('base64');
  const verdict = {
    uid,
    allowed: true,
    ...(patch.length > 0 && { patchType: 'JSONPatch', patch: encoded }),
  };
  response.setHeader('content-type', 'application/json');
  const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: verdict };
  response.end(JSON.stringify(review));
}

const tls = { key: readFileSync('/tls/tls.key'), cert: readFileSync('/tls/tls.crt') };
const server = createServer(tls, (request, response) => {
  answer(request, response).catch(() => response.writeHead(400).end());
});
process.once('SIGTERM', () => process.exit());
server.listen(Number(port));
await once(server, 'listening');
