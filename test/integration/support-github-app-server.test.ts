import { sign } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { makeAppKey, startGitHubAppServer } from '../support/github-app-server.ts';

const key = makeAppKey();

function jwt(claims: object, privateKeyPem = key.privateKeyPem): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), privateKeyPem).toString('base64url')}`;
}

it('gives a token only for a JWT with the right signature, issuer and times', async () => {
  const server = await startGitHubAppServer({
    publicKey: key.publicKey,
    issuer: 'Iv1.app',
    installationId: '42',
  });
  onTestFinished(async () => server.stop());
  const ask = async (token: string) =>
    fetch(`${server.url}app/installations/42/access_tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
  const now = Math.floor(Date.now() / 1000);
  const good = { iss: 'Iv1.app', iat: now - 60, exp: now + 540 };

  const answer = await ask(jwt(good));
  expect(answer.status).toBe(201);
  expect(await answer.json()).toMatchObject({ token: 'ghs_test_1', expires_at: expect.stringMatching(/Z$/) });
  const bad = [
    jwt(good, makeAppKey().privateKeyPem),
    jwt({ ...good, iss: 'other' }),
    jwt({ ...good, iat: now + 30 }),
    jwt({ ...good, exp: now - 1 }),
    jwt({ ...good, exp: now + 700 }),
    jwt({ ...good, exp: undefined }),
    'not-a-jwt',
  ];
  for (const token of bad) {
    expect((await ask(token)).status).toBe(401);
  }
  expect(server.requests.map((request) => request.refused)).toEqual([
    undefined,
    ...bad.map(() => expect.any(String)),
  ]);
  server.failNext(502);
  expect((await ask(jwt(good))).status).toBe(502);
  expect((await ask(jwt(good))).status).toBe(201);
});
