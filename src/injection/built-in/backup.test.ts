import { describe, expect, test } from 'vitest';
import { type JsonMap, listAt, member, textAt } from '../../kubernetes/json.ts';
import { decide } from '../engine/decide.ts';
import { testSettings } from '../testing/settings.ts';

const REPOSITORY = 's3:https://s3.eu-west-1.amazonaws.com/backups/shop';
const of = (profile: string, parameters: JsonMap) =>
  Object.fromEntries(
    Object.entries(parameters).map(([key, value]) => [`pillion.dev/${profile}.${key}`, value]),
  );
const both = (parameters: JsonMap) => ({ ...of('restore', parameters), ...of('backup', parameters) });

function injected(more: JsonMap = {}, nativeSidecars = true) {
  const ask = {
    'pillion.dev/inject': 'restore, backup',
    ...both({ volume: 'data', repository: REPOSITORY }),
  };
  const pod = {
    metadata: { annotations: { ...ask, ...more } },
    spec: {
      initContainers: [{ name: 'migrate', image: 'app' }],
      containers: [
        { name: 'app', image: 'app', volumeMounts: [{ name: 'data', mountPath: '/var/lib/app' }] },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    },
  };
  return decide({ pod, namespace: 'default' }, testSettings({ nativeSidecars }), '1.2.3');
}

const container = (name: string, more: JsonMap = {}, list = 'initContainers', nativeSidecars = true) =>
  listAt(injected(more, nativeSidecars).pod, 'spec', list).find((one) => textAt(one, 'name') === name);
const argsOf = (name: string, more: JsonMap = {}) => listAt(container(name, more), 'args') as string[];

describe('the profiles restore and backup', () => {
  test('put the restore first, the backup as a sidecar behind it, and both ahead of the application', () => {
    const names = listAt(injected().pod, 'spec', 'initContainers').map((one) => [
      textAt(one, 'name'),
      textAt(one, 'restartPolicy'),
    ]);
    expect(names).toEqual([
      ['pillion-restore', undefined],
      ['pillion-backup', 'Always'],
      ['migrate', undefined],
    ]);
  });

  test("see the pod's own volume, and give the application nothing", () => {
    for (const name of ['pillion-restore', 'pillion-backup']) {
      expect(listAt(container(name), 'volumeMounts')[0]).toEqual({ name: 'data', mountPath: '/data' });
    }
    expect(container('app', {}, 'containers')).toEqual({
      name: 'app',
      image: 'app',
      volumeMounts: [{ name: 'data', mountPath: '/var/lib/app' }],
    });
  });

  test('say the same of the volume and its repository', () => {
    const same = ['--volume=/data', `--repository=${REPOSITORY}`, '--name=data'];
    expect(argsOf('pillion-restore')).toEqual(['restore', ...same, '--on-missing=fail', '--timeout=10m']);
    expect(argsOf('pillion-backup').slice(0, 7)).toEqual([
      'backup',
      ...same,
      '--run-at=02:30',
      '--tz=UTC',
      '--on-stop=true',
    ]);
    expect(argsOf('pillion-restore', both({ name: 'orders' }))).toContain('--name=orders');
    const crontab = argsOf('pillion-backup', of('backup', { schedule: '*/30 * * * *' }));
    expect(crontab).toContain('--schedule=*/30 * * * *');
    expect(crontab.join(' ')).not.toContain('--run-at');
  });

  test('get what the repository asks for from a Secret each, as variables or as files of ssh', () => {
    const secrets = { ...of('restore', { secret: 'may-read' }), ...of('backup', { secret: 'may-append' }) };
    expect(member(container('pillion-restore', secrets), 'envFrom')).toEqual([
      { secretRef: { name: 'may-read' } },
    ]);
    expect(member(container('pillion-backup', secrets), 'envFrom')).toEqual([
      { secretRef: { name: 'may-append' } },
    ]);
    const git = { ...both({ auth: 'ssh', repository: 'git+ssh://git@github.com/a/b.git#main' }), ...secrets };
    expect(argsOf('pillion-backup', git)).toContain('--ssh-key-file=/secret/ssh');
    expect(member(container('pillion-backup', git), 'envFrom')).toBeUndefined();
    const volumes = listAt(injected(git).pod, 'spec', 'volumes').map((one) => textAt(one, 'name'));
    expect(volumes).toContain('pillion-restore-secret');
  });

  test('tell a command that is run by hand alongside the backup where everything is', () => {
    const ssh = { ...both({ auth: 'ssh', name: 'orders' }), ...of('backup', { secret: 'may-append' }) };
    for (const [more, name, keys] of [
      [{}, 'data', []],
      [
        ssh,
        'orders',
        [
          { name: 'PILLION_BACKUP_SSH_KEY_FILE', value: '/secret/ssh' },
          { name: 'PILLION_BACKUP_SSH_KNOWN_HOSTS_FILE', value: '/secret/known_hosts' },
        ],
      ],
    ] as const) {
      expect(member(container('pillion-backup', more), 'env')).toEqual([
        { name: 'PILLION_BACKUP_VOLUME', value: '/data' },
        { name: 'PILLION_BACKUP_REPOSITORY', value: REPOSITORY },
        { name: 'PILLION_BACKUP_NAME', value: name },
        ...keys,
      ]);
      const flags = argsOf('pillion-backup', more);
      const variables = member(container('pillion-backup', more), 'env') as { name: string; value: string }[];
      for (const { name: variable, value } of variables) {
        const flag = variable.replace('PILLION_BACKUP_', '').toLowerCase().replaceAll('_', '-');
        expect(flags).toContain(`--${flag}=${value}`);
      }
    }
  });

  test('work where there are no native sidecars: the backup is a container like others', () => {
    expect(container('pillion-backup', {}, 'containers', false)).toMatchObject({ name: 'pillion-backup' });
    expect(container('pillion-restore', {}, 'initContainers', false)).toMatchObject({
      name: 'pillion-restore',
    });
  });

  test.each([
    ['repository', 'https://user:password@host/x y'],
    ['repository', '--plan'],
    ['run-at', '25:00'],
    ['schedule', '$(date)'],
  ])('refuse %s=%s', (key, value) => {
    const decided = injected(of('backup', { [key]: value }));
    expect(JSON.stringify(decided)).toContain(`pillion.dev/backup.${key}`);
    expect(decided.outcome).toBe('refused');
  });
});
