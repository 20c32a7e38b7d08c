import { writeFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type HookAnswer, startHookServer } from '../../../../test/support/hook-server.ts';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import { createRecordedLog } from '../../../core/testing/recorded-log.ts';
import { gitSettings } from '../../testing/settings.ts';
import { readSession } from '../identity/aws-session.ts';
import { type Identity, identitySource } from './identity.ts';

const dir = useTempDir();
const url = 'https://dev.azure.com/org/project/_git/site';

/** An endpoint for tokens that answers so, and a source that asks it. */
async function scene(identity: Identity, withWorkload: boolean, ...answers: readonly HookAnswer[]) {
  const server = await startHookServer(...answers);
  onTestFinished(() => server.stop());
  const tokenFile = dir.join('federated');
  await writeFile(tokenFile, 'the-assertion\n');
  const workload = {
    AZURE_FEDERATED_TOKEN_FILE: tokenFile,
    AZURE_TENANT_ID: 'tenant/../x',
    AZURE_CLIENT_ID: 'client',
    AZURE_AUTHORITY_HOST: server.url,
  };
  const { log, lines } = createRecordedLog();
  const counted: string[] = [];
  const source = identitySource({
    settings: gitSettings({ identityCredentials: [{ url, identity }] }),
    log,
    now: () => Date.now(),
    env: {
      AZURE_POD_IDENTITY_AUTHORITY_HOST: server.url,
      GCE_METADATA_HOST: `127.0.0.1:${server.port}`,
      HTTP_PROXY: withWorkload ? undefined : 'http://127.0.0.1:1',
      ...(withWorkload ? workload : {}),
    },
    onRequest: (name, status) => {
      counted.push(`${name} ${status}`);
    },
  });
  const load = async (signal = new AbortController().signal) => source?.load(signal);
  return { server, load, source, counted, lines };
}

const token = (more: object = {}): HookAnswer => ({
  body: JSON.stringify({ access_token: 'the-token', expires_in: 3600, ...more }),
});

describe('the identity of a pod', () => {
  it('in AKS is a federated token that Entra ID exchanges for one of Azure DevOps', async () => {
    const { server, load, counted } = await scene('azure', true, token());
    expect(await load()).toEqual([{ url, username: '-', password: 'the-token' }]);
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/tenant%2F..%2Fx/oauth2/v2.0/token' });
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toMatchObject({
      grant_type: 'client_credentials',
      client_id: 'client',
      client_assertion: 'the-assertion',
      scope: '499b84ac-1321-427f-aa17-267ca6975798/.default',
    });
    await load();
    expect(server.requests).toHaveLength(1);
    expect(counted).toEqual(['azure success']);
  });

  it('on a machine of Azure comes from its metadata server, by no proxy', async () => {
    const end = String(Math.floor(Date.now() / 1000) + 3600);
    const { server, load } = await scene('azure', false, token({ expires_in: '1', expires_on: end }));
    await load();
    await load();
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({ method: 'GET', headers: { metadata: 'true' } });
    expect(server.requests[0]?.path).toContain('resource=499b84ac-1321-427f-aa17-267ca6975798');
  });

  it('in Google Cloud is an access token of its service account, asked for again when it was refused', async () => {
    const { server, load, source } = await scene('google', false, token());
    expect(await load()).toEqual([{ url, username: 'oauth2accesstoken', password: 'the-token' }]);
    expect(server.requests[0]).toMatchObject({
      path: '/computeMetadata/v1/instance/service-accounts/default/token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform',
      headers: { 'metadata-flavor': 'Google' },
    });
    source?.forget?.();
    await load();
    expect(server.requests).toHaveLength(2);
  });

  it.each<[string, HookAnswer, string]>([
    ['500', { status: 500, body: 'the-assertion' }, 'answered with status 500'],
    [
      'a refusal',
      { status: 401, body: '{"error":"invalid_client","error_description":"AADSTS70021: the-assertion"}' },
      'status 401: AADSTS70021',
    ],
    ['a page', { body: '<html>the-token</html>' }, 'no usable answer: it is not JSON'],
    ['no token', { body: '{"expires_in":1}' }, 'there is no access_token in it'],
    ['two lines', token({ access_token: 'the-token\nhost=evil' }), 'no text of one line'],
    ['an end that is none', token({ expires_in: 'soon' }), 'its end is no time'],
    ['no end', { body: '{"access_token":"the-token"}' }, 'has ended already, or without an end'],
    ['what has ended', token({ expires_in: 0 }), 'has ended already'],
    ['a flood', { body: 'x'.repeat(1024 * 1024) }, 'longer than 65536 bytes'],
    ['a redirect', { status: 307, headers: { location: 'http://127.0.0.1:1/' } }, 'status 307'],
  ])('is not had from a server that answers %s, and nothing of that is shown', async (_what, answer, why) => {
    const { load, counted, lines } = await scene('azure', true, answer);
    const error: unknown = await load().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'identity_failed', message: expect.stringContaining(why) });
    expect(String(error) + lines.join()).not.toMatch(/the-token|the-assertion/);
    expect(counted).toEqual(['azure error']);
  });

  it('is not waited for longer than the sync that needs it', async () => {
    const { load, server } = await scene('google', false, { hang: 'never' });
    const stop = new AbortController();
    const loading = load(stop.signal);
    await expect.poll(() => server.requests.length).toBe(1);
    stop.abort(new Error('stop'));
    await expect(loading).rejects.toMatchObject({ code: 'identity_failed' });
  });
});

describe('a session of AWS', () => {
  const keys = { accessKeyId: 'AKIA', secretAccessKey: 's', sessionToken: 't' };

  it('is read with its end, or looked at again after a quarter of an hour', () => {
    expect(readSession(JSON.stringify({ ...keys, expiresAt: 5000 }), 1000)).toEqual({
      ...keys,
      expiresAt: 5000,
    });
    expect(readSession(JSON.stringify(keys), 1000)).toEqual({ ...keys, expiresAt: 901_000 });
  });

  it.each([
    ['', 'no answer in time'],
    ['<html>', 'no answer in time'],
    ['{"message":"AccessDenied: no","advice":"trust it"}', 'AccessDenied: no'],
    [JSON.stringify({ ...keys, expiresAt: 1000 }), 'has ended already'],
  ])('is none in %j', (text, why) => {
    expect(() => readSession(text, 1000)).toThrow(why);
  });
});
