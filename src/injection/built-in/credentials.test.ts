import { describe, expect, test } from 'vitest';
import { type JsonMap, listAt, member, memberAt, textAt } from '../../kubernetes/json.ts';
import { decide } from '../engine/decide.ts';
import { testSettings } from '../testing/settings.ts';

const ASK = {
  'pillion.dev/inject': 'credentials',
  'pillion.dev/credentials.host': 'orders.c1.eu-west-1.rds.amazonaws.com',
  'pillion.dev/credentials.user': 'app_iam',
};
const POOL = { name: 'pgbouncer', image: 'pgbouncer', restartPolicy: 'Always' };

function injected(more: JsonMap = {}, nativeSidecars = true) {
  const pod = {
    metadata: { annotations: { ...ASK, ...more } },
    spec: { initContainers: [POOL], containers: [{ name: 'django', image: 'django' }] },
  };
  return decide({ pod, namespace: 'default' }, testSettings({ nativeSidecars }), '1.2.3');
}

const of = (name: string, value: string) => ({ [`pillion.dev/credentials.${name}`]: value });

function argsOf(more: JsonMap): string[] {
  const [sidecar] = listAt(injected(more).pod, 'spec', 'initContainers');
  return listAt(sidecar, 'args') as string[];
}

describe('the profile credentials', () => {
  test('stands ahead of a pgbouncer that is a sidecar itself, which waits for its file', () => {
    const [sidecar, pool] = listAt(injected().pod, 'spec', 'initContainers');
    expect(sidecar).toMatchObject({
      name: 'pillion-credentials',
      restartPolicy: 'Always',
      startupProbe: { httpGet: { path: '/readyz' } },
    });
    expect(member(pool, 'name')).toBe('pgbouncer');
  });

  test('has the file on a volume in memory, which readers cannot write to', () => {
    const { pod } = injected();
    const volume = listAt(pod, 'spec', 'volumes').find(
      (one) => textAt(one, 'name') === 'pillion-credentials',
    );
    expect(memberAt(volume, 'emptyDir')).toEqual({ medium: 'Memory', sizeLimit: '1Mi' });
    for (const container of [
      listAt(pod, 'spec', 'initContainers')[1],
      listAt(pod, 'spec', 'containers')[0],
    ]) {
      expect(listAt(container, 'volumeMounts')).toEqual([
        { name: 'pillion-credentials', mountPath: '/shared', readOnly: true },
        { name: 'pillion-credentials-run', mountPath: '/run/pgbouncer' },
      ]);
    }
  });

  test('writes the file once before all else where there are no native sidecars', () => {
    const [once] = listAt(injected({}, false).pod, 'spec', 'initContainers');
    expect(once).toMatchObject({ name: 'pillion-credentials-init' });
    expect(listAt(once, 'args')).toContain('--one-time');
    expect(member(once, 'startupProbe')).toBeUndefined();
  });

  test('tells pgbouncer on its socket, as admin on its console, or not', () => {
    const reload = (more: JsonMap) => argsOf(more).filter((argument) => argument.includes('reload'));
    expect(reload(of('pgbouncer-port', '6543'))).toEqual(['--reload=pgbouncer=/run/pgbouncer/.s.PGSQL.6543']);
    expect(reload({ ...of('reload', 'console'), ...of('secret', 'pool') })).toEqual([
      '--set=reload=[{type: pgbouncer, address: "127.0.0.1:6432", user: "admin", password-file: /secret/admin-password}]',
    ]);
    expect(reload(of('reload', 'none'))).toEqual([]);
    expect(reload(of('output', 'json'))).toEqual([]);
  });

  test('takes in the users of a Secret, and never puts one into arguments or variables', () => {
    const { pod } = injected(of('secret', 'django-client'));
    const [sidecar] = listAt(pod, 'spec', 'initContainers');
    expect(argsOf(of('secret', 'django-client'))).toContain(
      '--set=outputs=[{format: pgbouncer, path: "/shared/users.txt", mode: "0640", include: /secret/users.txt}]',
    );
    expect(member(sidecar, 'env')).toBeUndefined();
  });

  test('has the mode that its readers need, and for libpq the one that it insists on', () => {
    const output = (more: JsonMap) => argsOf(more).find((argument) => argument.startsWith('--output='));
    expect(output({})).toBe('--output=pgbouncer=/shared/users.txt,mode=0640');
    expect(output({ ...of('output', 'pgpass'), ...of('file', 'pgpass') })).toBe(
      '--output=pgpass=/shared/pgpass',
    );
    expect(output({ ...of('output', 'env'), ...of('mode', '0600') })).toBe(
      '--output=env=/shared/users.txt,mode=0600',
    );
  });

  test.each([
    ['host', 'orders:5432'],
    ['user', 'a"}'],
    ['file', 'a,mode=0777'],
    ['admin', 'x", password-file: "/etc/shadow'],
    ['region', 'eu west'],
    ['port', '0'],
    ['provider', 'aws'],
  ])('refuses %s: %s', (name, value) => {
    expect(injected(of(name, value))).toMatchObject({ outcome: 'refused', reason: 'bad-value' });
  });
});
