import { beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { exampleImages, exampleManifest, replaced } from './support/examples.ts';
import { provideTestImages } from './support/images.ts';
import { httpGet, useNamespace } from './support/namespace.ts';
import { type PodState, podOf, podsOf } from './support/workloads.ts';

// A cron job next to an application: the manifest of examples/003-cron-sidecar as it stands, where Pod Security is
// "restricted". The tests are one story; the job starts at every even minute, and the longest wait is for that.
const namespace = useNamespace('seed-003', { podSecurity: 'restricted' });
const APP = 'django';
const SIDECAR = 'cron';
const SECRET = 'django-db-token';
const USER = 10_001;
const LINE = '    */2 * * * * sh /jobs/update-users.sh\n';
const EVERY_MS = 2 * 60_000;
// A job that a stop meets in the middle, and that ends within the default of --grace.
const LONG = "    # pillion: name=long\n    @every 1s sh -c 'sleep 8; echo came to its end'\n";
const SLOW_WAIT = { timeoutMs: 240_000, intervalMs: 300 } as const;
let manifest: string;

interface Run {
  readonly cause: string;
  readonly scheduled: string;
  readonly started: string;
  readonly result: string;
}
interface JobStatus {
  readonly job: string;
  readonly next: string;
  readonly running: readonly { readonly since: string }[];
  readonly history: readonly Run[];
}
interface CronStatus {
  readonly jobs: readonly JobStatus[];
  readonly lastReload?: { readonly ok: boolean; readonly error?: string };
}

async function page(path: string): Promise<string> {
  const { ip } = await podOf(namespace, APP);
  return (await httpGet(`http://${ip}:9746${path}`)).body;
}

async function cronStatus(): Promise<CronStatus> {
  return JSON.parse(await page('/status')) as CronStatus;
}

async function jobNamed(name: string): Promise<JobStatus | undefined> {
  return (await cronStatus()).jobs.find(({ job }) => job === name);
}

async function run(container: string, script: string): Promise<string> {
  const { name } = await podOf(namespace, APP);
  return namespace.exec(name, container, ['sh', '-c', script]);
}

async function applyToken(token: string): Promise<void> {
  await namespace.apply([
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: SECRET }, stringData: { token } },
  ]);
}

beforeAll(async () => {
  manifest = await exampleManifest(
    '003-cron-sidecar/manifest.yaml',
    exampleImages(await provideTestImages()),
  );
  await applyToken('the-first-token');
  await namespace.apply(manifest);
  await namespace.waitFor(`deployment/${APP}`, { until: 'condition=Available' });
});

it('runs the job at the start: the application has its list of users', async () => {
  const users = await waitFor(async () => run(APP, 'cat /shared/users.txt'), {
    what: 'the list of users',
    ...SLOW_WAIT,
  });
  expect(users).toBe('"app" "the-first-token"');
  // The even minute may have passed as well.
  expect((await jobNamed('users'))?.history).toContainEqual(
    expect.objectContaining({ cause: 'start', result: 'success' }),
  );
});

it('has no root, no capability, no setuid program and nowhere to write but the volume', async () => {
  const rights = await run(
    SIDECAR,
    "cat /proc/[0-9]*/status | grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs):' | sort -u | tr '\\t' ' '",
  );
  const none = '0'.repeat(16);
  expect(rights.split('\n')).toEqual([
    `CapBnd: ${none}`,
    `CapEff: ${none}`,
    'NoNewPrivs: 1',
    `Uid: ${Array.from({ length: 4 }, () => USER).join(' ')}`,
  ]);
  expect(await run(SIDECAR, 'find / -xdev -type f -perm /6000 2>/dev/null; true')).toBe('');
  expect(await run(SIDECAR, 'touch /tmp/x /etc/x /x 2>&1 | grep -c "Read-only file system"')).toBe('3');
  expect(await run(SIDECAR, 'touch /shared/x && rm /shared/x && echo written')).toBe('written');
});

/** The crontab of the ConfigMap with something else in place of the job's line; the Deployment stays. */
async function editCrontab(text: string): Promise<void> {
  await namespace.apply(replaced(manifest, { [LINE]: text }));
}

async function reloaded(until: (status: CronStatus) => boolean, what: string): Promise<CronStatus> {
  return waitFor(
    async () => {
      const status = await cronStatus();
      return until(status) && status;
    },
    { what, ...SLOW_WAIT },
  );
}

// Side by side: the first mostly waits, and the edits leave its job alone.
describe.concurrent('while it runs', () => {
  it('starts the job at the even minute, and the application has what it wrote', async () => {
    await applyToken('the-second-token');
    await waitFor(async () => (await run(SIDECAR, 'cat /secret/token')) === 'the-second-token', {
      what: 'the Secret to arrive',
      ...SLOW_WAIT,
    });
    const from = Date.now();
    const fired = await waitFor(
      async () => (await jobNamed('users'))?.history.find(({ started }) => Date.parse(started) > from),
      { what: 'the even minute', ...SLOW_WAIT },
    );
    expect(fired).toMatchObject({ cause: 'schedule', result: 'success' });
    expect(Date.parse(fired.scheduled) % EVERY_MS).toBe(0);
    expect(await run(APP, 'cat /shared/users.txt')).toBe('"app" "the-second-token"');
  });

  it('takes an edited ConfigMap, and keeps the old table when the next edit is broken', async () => {
    await editCrontab(`${LINE}${LONG}`);
    const edited = await reloaded(({ jobs }) => jobs.length === 2, 'the second job');
    expect(edited.lastReload?.ok).toBe(true);
    await editCrontab('    */2 * * * sh /jobs/update-users.sh\n');
    const refused = await reloaded(({ lastReload }) => lastReload?.ok === false, 'the broken crontab');
    expect(refused.lastReload?.error).toContain('/jobs/crontab:3:');
    expect(refused.jobs.map(({ job }) => job)).toEqual(['users', 'long']);
    expect(await page('/metrics')).toMatch(/^pillion_cron_reload_failed 1$/m);
    await namespace.apply(manifest);
    await reloaded(({ jobs, lastReload }) => lastReload?.ok === true && jobs.length === 1, 'the mended one');
    expect(await page('/metrics')).toMatch(/^pillion_cron_reload_failed 0$/m);
  });
});

it('tells in its metrics when the job last succeeded, and was never restarted', async () => {
  const metrics = await page('/metrics');
  const [, seconds] =
    /^pillion_cron_last_success_timestamp_seconds\{job="users"\} (\S+)$/m.exec(metrics) ?? [];
  expect(Date.now() / 1000 - Number(seconds)).toBeLessThan(2 * (EVERY_MS / 1000));
  const { containers } = await podOf(namespace, APP);
  expect(containers[SIDECAR]?.restartCount).toBe(0);
});

/** Keeps the pod's object after its end, so that its last state can be read. */
async function setFinalizers(pod: string, finalizers: readonly string[]): Promise<void> {
  const patch = JSON.stringify({ metadata: { finalizers } });
  await namespace.kubectl(['patch', 'pod', pod, '--type=merge', `--patch=${patch}`]);
}

async function lastStateOf(pod: string): Promise<PodState> {
  return waitFor(
    async () => {
      const state = (await podsOf(namespace, APP)).find(({ name }) => name === pod);
      const containers = Object.values(state?.containers ?? {});
      return containers.every((container) => container?.state.terminated) && state;
    },
    { what: 'the pod to end', ...SLOW_WAIT },
  );
}

it('lets the running job come to its end when the pod is deleted, and ends within the grace', async () => {
  await editCrontab(`${LINE}${LONG}`);
  await waitFor(
    async () => (await jobNamed('long'))?.running.some(({ since }) => Date.now() - Date.parse(since) < 2000),
    { what: 'a run of the long job that has just begun', ...SLOW_WAIT },
  );
  const { name } = await podOf(namespace, APP);
  await setFinalizers(name, ['pillion.test/look']);
  const log = namespace.kubectl(['logs', '--follow', '--tail=20', name, `--container=${SIDECAR}`]);
  await namespace.kubectl(['delete', 'pod', name, '--wait=false']);
  const { containers } = await lastStateOf(name);
  await setFinalizers(name, []);
  expect(containers[SIDECAR]?.state.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
  const afterSignal = (await log).split('received SIGTERM')[1];
  expect(afterSignal).toContain('came to its end');
  expect(afterSignal).toContain('"msg":"stopped"');
});
