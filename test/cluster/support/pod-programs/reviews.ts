import { request } from 'node:http';
import { Agent, request as requestOverTls } from 'node:https';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

// reviews PROXY ADDRESS RATE SECONDS: asks the injector about a pod, so many times a second, as an API server does: it
// trusts what the first webhook has as caBundle at this moment, and expects the name of the Service. Ends when none of the
// authorities of the beginning is trusted any more, or after so long, and prints what it saw as JSON.
const [proxy = '', address = '', rate = '200', seconds = '300'] = process.argv.slice(2);
const PATH = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/pillion-injector';
const BODY = JSON.stringify({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
    namespace: 'default',
    operation: 'CREATE',
    dryRun: true,
    object: {
      metadata: { generateName: 'a-', annotations: { 'pillion.dev/inject': 'label' } },
      spec: { containers: [{ name: 'a', image: 'a' }] },
    },
  },
});
const HEADERS = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(BODY) };
// A client keeps its connections; an API server makes new ones when the bundle is another.
const CONNECTION_LIFE_MS = 1_000;

function bundle(): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(`${proxy}${PATH}`, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.on('end', () => {
        const { webhooks } = JSON.parse(text) as {
          webhooks: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
        };
        resolve(Buffer.from(webhooks[0]?.clientConfig.caBundle ?? '', 'base64').toString('utf8'));
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

const certificates = (pem: string) => pem.split(/(?=-----BEGIN)/).map((block) => block.trim());

let agent = new Agent({ keepAlive: true, maxSockets: 16 });
let trusted = await bundle();
let agentSince = performance.now();
const first = certificates(trusted);
const bundles = new Set([trusted]);
const leaves = new Set<string>();
const failures: string[] = [];
let count = 0;

function ask(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const [host, port] = address.split(':');
    const asked = requestOverTls(
      {
        host,
        port,
        path: '/mutate?timeout=10s',
        method: 'POST',
        ca: trusted,
        servername: 'pillion-injector.pillion.svc',
        agent,
        headers: HEADERS,
        timeout: 10_000,
      },
      (answer) => {
        const socket = answer.socket as unknown as { getPeerCertificate(): { serialNumber?: string } };
        leaves.add(socket.getPeerCertificate().serialNumber ?? '');
        answer
          .resume()
          .on('end', () => resolve(answer.statusCode === 200 ? undefined : String(answer.statusCode)));
        answer.on('error', (error) => resolve(error.message));
      },
    );
    asked.on('timeout', () => asked.destroy(new Error('no answer in 10 s')));
    asked.on('error', (error) => resolve(error.message));
    asked.end(BODY);
  });
}

const begin = performance.now();
const end = begin + Number(seconds) * 1_000;
const isRotated = () => !certificates(trusted).some((each) => each !== '' && first.includes(each));
const under = new Set<Promise<void>>();
let nextCheck = 0;
while (performance.now() < end && !isRotated()) {
  if (performance.now() >= nextCheck) {
    nextCheck = performance.now() + 500;
    const now = await bundle();
    if (now !== trusted || performance.now() - agentSince > CONNECTION_LIFE_MS) {
      trusted = now;
      bundles.add(now);
      agentSince = performance.now();
      // What is under way goes on with the old connections, which end with it.
      agent = new Agent({ keepAlive: true, maxSockets: 16 });
    }
  }
  const due = ((performance.now() - begin) / 1_000) * Number(rate);
  for (; count < due && under.size < 256; count += 1) {
    const one = ask().then((failure) => {
      if (failure !== undefined) {
        failures.push(failure);
      }
      under.delete(one);
    });
    under.add(one);
  }
  await delay(5);
}
await Promise.all(under);
const took = (performance.now() - begin) / 1_000;
console.log(
  JSON.stringify({
    count,
    perSecond: Math.round(count / took),
    seconds: Math.round(took),
    rotated: isRotated(),
    bundles: bundles.size,
    certificates: leaves.size,
    failures: failures.slice(0, 20),
  }),
);
process.exit(0);
