/** Vault's database secrets engine, by a server that answers as its API is documented. */
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { recordedContext } from '../../../src/credentials/providers/testing/context.ts';
import { type VaultSourceSpec, vaultSource } from '../../../src/credentials/providers/vault.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { ask, failure, never, serve } from './support/scripted-server.ts';

const temp = useTempDir();

describe('Vault', () => {
  const vault = (address: string, extra: Partial<VaultSourceSpec> = {}): VaultSourceSpec => ({
    address,
    mount: 'database',
    role: 'orders',
    isStatic: false,
    namespace: 'team',
    auth: { tokenFile: temp.join('vault-token') },
    tls: {},
    revokeAtEnd: false,
    ...extra,
  });
  const creds = (count: number) =>
    JSON.stringify({
      lease_id: `database/creds/orders/${count}`,
      lease_duration: 3600,
      renewable: true,
      data: { username: `v-orders-${count}`, password: `pw-${count}` },
    });

  it('makes a user, lengthens its lease for as long as it can, and then makes another', async () => {
    await writeFile(temp.join('vault-token'), 'hvs.token\n');
    let made = 0;
    let renewed = { status: 200, body: '{"lease_duration":3600,"renewable":true}' };
    const server = await serve(({ url }) => {
      if (url === '/v1/sys/leases/renew') {
        return renewed;
      }
      made += 1;
      return { body: creds(made) };
    });
    const context = recordedContext();
    const source = vaultSource(vault(server.url), context);
    const users = async () => (await ask(source)).credential.username;
    expect(await users()).toBe('v-orders-1');
    expect(server.seen[0]).toMatchObject({
      url: '/v1/database/creds/orders',
      headers: { 'x-vault-token': 'hvs.token', 'x-vault-namespace': 'team', 'x-vault-request': 'true' },
    });
    expect(await users()).toBe('v-orders-1');
    expect(JSON.parse(server.seen[1]?.body ?? '')).toEqual({
      lease_id: 'database/creds/orders/1',
      increment: 3600,
    });
    renewed = { status: 200, body: '{"lease_duration":900,"renewable":true}' };
    expect(await users()).toBe('v-orders-2');
    renewed = { status: 400, body: '{"errors":["lease not found"]}' };
    expect(await users()).toBe('v-orders-3');
    expect(context.warnings).toHaveLength(1);
    expect([...context.secrets.values()]).toContain('hvs.token');
  });

  it('lets in with the service account of the pod, reads static roles, and revokes at the end when told to', async () => {
    await writeFile(temp.join('jwt'), 'pod-jwt\n');
    const server = await serve(({ url }) => {
      if (url === '/v1/auth/kubernetes/login') {
        return { body: '{"auth":{"client_token":"hvs.login"}}' };
      }
      return {
        body: url.includes('static') ? '{"data":{"username":"u","password":"p","ttl":120}}' : creds(1),
      };
    });
    const auth = { role: 'pillion', mount: 'kubernetes', jwtFile: temp.join('jwt') };
    const fixed = vaultSource(vault(server.url, { auth, isStatic: true }), recordedContext());
    const { credential } = await ask(fixed);
    expect(credential).toMatchObject({ username: 'u', password: 'p' });
    expect((credential.expiresAt ?? 0) - credential.issuedAt).toBe(120_000);
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({ role: 'pillion', jwt: 'pod-jwt' });
    const lent = vaultSource(vault(server.url, { auth, revokeAtEnd: true }), recordedContext());
    await ask(lent);
    await lent.close?.(never);
    expect(server.seen.at(-1)).toMatchObject({
      url: '/v1/sys/leases/revoke',
      headers: { 'x-vault-token': 'hvs.login' },
      body: '{"lease_id":"database/creds/orders/1"}',
    });
  });

  it('that is sealed or forbids says what to do', async () => {
    await writeFile(temp.join('vault-token'), 'hvs.token');
    for (const [status, hint] of [
      [503, /sealed/],
      [403, /policy/],
      [404, /mount and role/],
    ] as const) {
      const server = await serve(() => ({ status, body: '{"errors":["canary"]}' }));
      const error = await failure(vaultSource(vault(server.url), recordedContext()));
      expect(error.hint).toMatch(hint);
      expect(error.message).not.toContain('canary');
    }
  });
});
