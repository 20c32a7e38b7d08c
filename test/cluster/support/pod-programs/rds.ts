/**
 * RDS and STS for a namespace: STS gives sessions to service accounts, as IRSA has it, and an LDAP server for the
 * PostgreSQL next to it checks the tokens that are made with them, as RDS does; they really expire.
 */
import { createServer } from 'node:http';
import process from 'node:process';
import { listenAt } from '../../../support/listen.ts';
import { startAwsEndpoints } from '../../../support/postgres/aws-endpoints.ts';
import { startLdapServer } from '../../../support/postgres/ldap-server.ts';
import { createRdsVerifier } from '../../../support/postgres/rds-verifier.ts';
import { type Login, PORTS, type RdsState } from '../rds-protocol.ts';

// rds ENDPOINT REGION LIFE_MS SUBJECT: sessions live that long, for service accounts whose name begins with the subject.
const [endpoint = '', region = '', life = '', subject = ''] = process.argv.slice(2);
const AUDIENCE = 'sts.amazonaws.com';

const verifier = createRdsVerifier({ endpoint, region });
const logins: Login[] = [];
const denied = new Set<string>();

function judge(name: string, password: string): boolean {
  const user = /^cn=(.*),dc=rds$/.exec(name)?.[1] ?? '';
  const refusal = verifier.refusal(user, password);
  logins.push({ user, at: Date.now(), ...(refusal === undefined ? {} : { refusal }) });
  return refusal === undefined;
}

interface Claims {
  readonly sub?: string;
  readonly aud?: readonly string[];
  readonly exp?: number;
}

/** Whether it is the token of a service account that may have a session. Its signature is Kubernetes' business. */
function isGranted(token: string): boolean {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? 'e30', 'base64url').toString()) as Claims;
  const { sub = '', aud = [], exp = 0 } = claims;
  const isOurs = aud.includes(AUDIENCE) && exp * 1000 > Date.now() && sub.startsWith(subject);
  return isOurs && !denied.has(sub.slice(subject.length));
}

await startLdapServer(({ name, password }) => judge(name, password), { port: PORTS.ldap });
const aws = await startAwsEndpoints({
  keys: verifier.keys,
  token: isGranted,
  lifeMs: Number(life),
  place: { host: '0.0.0.0', port: PORTS.sts },
});

const control = createServer(({ url = '' }, response) => {
  const { pathname, searchParams } = new URL(url, 'http://control');
  const name = searchParams.get('name') ?? '';
  if (pathname === '/fail') {
    aws.fail(Number(searchParams.get('status')));
  } else if (pathname === '/deny') {
    denied.add(name);
  } else if (pathname === '/allow') {
    denied.delete(name);
  }
  const state: RdsState = { questions: aws.requests().length, logins };
  response.end(JSON.stringify(state));
});
await listenAt(control, { host: '0.0.0.0', port: PORTS.control });
process.once('SIGTERM', () => process.exit());
