import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import {
  hasFailed,
  hasServed,
  levelOf,
  podsOfVariant,
  saidBy,
  type Variant,
  variantObjects,
} from './support/credentials-example.ts';
import { provideDatabaseImages } from './support/images.ts';
import { httpGet, useNamespace } from './support/namespace.ts';
import { type Rds, startRds } from './support/rds.ts';
import type { PodState } from './support/workloads.ts';

// Django, its pgbouncer and RDS with tokens that really expire: the manifests of examples/003-credentials, where Pod
// Security is "restricted". Tokens live as long as the sessions behind them, here for some seconds; pgbouncer needs a new
// login every two. The tests are one story.
const namespace = useNamespace('seed-003-credentials', { podSecurity: 'restricted' });
/** A machine that does much else needs more than the few seconds of a question and a reload. */
const LIFE_MS = Number(process.env['PILLION_TEST_TOKEN_SECONDS'] ?? 40) * 1000;
const LIVES = 2;
/** Of pillion_credentials_level. */
const [OK, EXPIRED] = [1, 4];
const PASSWORD = 'static-password';
const PATIENT = { timeoutMs: 240_000, intervalMs: 300 } as const;

/** As it stands; without native sidecars; by annotation; and one whose pgbouncer is not told of new tokens. */
const NATIVE: Variant = { name: 'django', file: 'manifest.yaml', user: 'app_iam', replicas: 2 };
const PAIR: Variant = { name: 'pair', file: 'one-time.yaml', user: 'pair_iam' };
const ANNOTATED: Variant = { name: 'annotated', file: 'annotated.yaml', user: 'annotated_iam' };
const UNTOLD: Variant = {
  name: 'untold',
  file: 'manifest.yaml',
  user: 'untold_iam',
  changes: { 'reload:': 'reload: []', '- pgbouncer=/run/pgbouncer': '' },
};
const VARIANTS = [NATIVE, PAIR, ANNOTATED, UNTOLD];
/** The container that gets the first token. */
const FIRST = new Map([
  [PAIR, 'credentials-once'],
  [ANNOTATED, 'pillion-credentials'],
]);
const firstOf = (variant: Variant): string => FIRST.get(variant) ?? 'credentials';
let rds: Rds;

async function applyAll(): Promise<void> {
  const images = await provideDatabaseImages();
  const objects = await Promise.all(VARIANTS.map((variant) => variantObjects(variant, images)));
  rds = await startRds(namespace, {
    image: images.postgres,
    lifeMs: LIFE_MS,
    users: VARIANTS.map(({ user }) => user),
  });
  await rds.failSts(503);
  const stringData = { password: PASSWORD, 'users.txt': `"django" "${PASSWORD}"\n` };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'django-client' }, stringData };
  await namespace.apply([secret, ...objects.flat()]);
}

beforeAll(applyAll);

async function eachPod(work: (pod: PodState, variant: Variant) => Promise<void>): Promise<void> {
  for (const variant of VARIANTS) {
    const pods = await podsOfVariant(namespace, variant);
    expect(pods).toHaveLength(variant.replicas ?? 1);
    await Promise.all(pods.map((pod) => work(pod, variant)));
  }
}

it('starts neither pgbouncer nor the application while there is no password', async () => {
  for (const variant of VARIANTS) {
    await waitFor(
      async () => {
        const pods = await podsOfVariant(namespace, variant);
        const logs = pods.map(async ({ name }) => namespace.logs(name, firstOf(variant)).catch(() => ''));
        const failures = (await Promise.all(logs)).map((log) => log.split('"level":"error"').length - 1);
        return pods.length === (variant.replicas ?? 1) && failures.every((count) => count >= 2);
      },
      { what: `the sidecars of ${variant.name} to fail twice`, ...PATIENT },
    );
  }
  await eachPod(async ({ containers }) => {
    for (const name of ['pgbouncer', 'django']) {
      expect(containers[name]?.state.waiting?.reason).toBe('PodInitializing');
    }
  });
});

it('starts them when it is there, each of them once', async () => {
  await rds.failSts(0);
  await Promise.all(
    VARIANTS.map(({ name }) => namespace.waitFor(`deployment/${name}`, { until: 'condition=Available' })),
  );
  await eachPod(async (pod, variant) => {
    for (const [name, container] of Object.entries(pod.containers)) {
      expect({ name, restarts: container?.restartCount }).toEqual({ name, restarts: 0 });
    }
    expect(await namespace.logs(pod.name, 'pgbouncer')).not.toMatch(/auth_file|broken/);
    const mode = variant === ANNOTATED ? '640' : '600';
    const askMode = ['stat', '--format=%a', '/shared/users.txt'];
    expect(await namespace.exec(pod.name, 'pgbouncer', askMode)).toBe(mode);
    await waitFor(async () => (await saidBy(namespace, pod)).some(hasServed), {
      what: `work in ${pod.name}`,
      ...PATIENT,
    });
  });
});

/** Until the database has let this user in after so many lives of a token. */
async function untilLivesPassed({ user }: Variant, from: number): Promise<void> {
  await waitFor(
    async () => {
      const logins = await rds.loginsOf(user);
      return logins.some(({ at, refusal }) => refusal === undefined && at > from + LIVES * LIFE_MS);
    },
    { what: `a login of ${user} after ${LIVES} lives of a token`, ...PATIENT },
  );
}

/** No login to the database was refused, and no application saw anything of it. */
async function expectNoFailure(variant: Variant): Promise<void> {
  const logins = await rds.loginsOf(variant.user);
  expect(logins.filter(({ refusal }) => refusal !== undefined)).toEqual([]);
  for (const pod of await podsOfVariant(namespace, variant)) {
    expect((await saidBy(namespace, pod)).filter(hasFailed)).toEqual([]);
  }
}

/** Until the levels of these pods are right. */
async function untilLevels(
  pods: readonly PodState[],
  areRight: (levels: readonly number[]) => boolean,
): Promise<void> {
  const names = pods.map(({ name }) => name).join(' and ');
  await waitFor(async () => areRight(await Promise.all(pods.map(levelOf))), {
    what: `the level of ${names}`,
    ...PATIENT,
  });
}

const areOk = (levels: readonly number[]): boolean => levels.every((level) => level === OK);
const someFail = (levels: readonly number[]): boolean => levels.some((level) => level > OK);
const areExpired = (levels: readonly number[]): boolean => levels.every((level) => level === EXPIRED);

// Side by side, because each of them mostly waits for tokens to end.
describe.concurrent('while tokens come and go', () => {
  it('lets no login fail for several lives, over a deleted pod and a source that is down for a while', async () => {
    const from = Date.now();
    const [doomed] = await podsOfVariant(namespace, NATIVE);
    const log = namespace.kubectl(['logs', '--follow', String(doomed?.name), '--container=django']);
    await namespace.kubectl(['delete', 'pod', String(doomed?.name), '--wait=false']);
    const lines = (await log).split('\n');
    expect(lines.at(-1)).toBe('stopped');
    expect(lines.filter(hasFailed)).toEqual([]);
    const pods = await waitFor(
      async () => {
        const all = await podsOfVariant(namespace, NATIVE);
        return all.length === 2 && all.every(({ isReady }) => isReady) && all;
      },
      { what: 'the pod in its place', ...PATIENT },
    );
    await rds.deny(NATIVE.name);
    await untilLevels(pods, someFail);
    await rds.allow(NATIVE.name);
    await untilLevels(pods, areOk);
    await untilLivesPassed(NATIVE, from);
    await expectNoFailure(NATIVE);
    for (const { name } of pods) {
      expect(await namespace.logs(name, 'credentials')).not.toContain('X-Amz-');
    }
  });

  it('does so by annotation, too', async () => {
    await untilLivesPassed(ANNOTATED, Date.now());
    await expectNoFailure(ANNOTATED);
  });

  it('fails after one life where pgbouncer is not told: the file alone is not enough', async () => {
    const [pod] = await podsOfVariant(namespace, UNTOLD);
    await waitFor(async () => pod !== undefined && (await saidBy(namespace, pod)).some(hasFailed), {
      what: 'a login that fails',
      ...PATIENT,
    });
    const [first] = (await rds.loginsOf(UNTOLD.user)).filter(({ refusal }) => refusal !== undefined);
    expect(first?.refusal).toBe('its session has ended');
    expect(await levelOf(pod as PodState)).toBe(OK);
    await namespace.kubectl(['scale', `deployment/${UNTOLD.name}`, '--replicas=0']);
  });

  it('keeps the last file when the source is down for longer than a life, and works again when it is back', async () => {
    const [pod] = (await podsOfVariant(namespace, PAIR)) as [PodState];
    const sum = async () => namespace.exec(pod.name, 'pgbouncer', ['sha256sum', '/shared/users.txt']);
    const ready = async () => (await httpGet(`http://${pod.ip}:9102/readyz`)).status;
    await rds.deny(PAIR.name);
    await untilLevels([pod], someFail);
    const before = await sum();
    expect(await ready()).toBe(200);
    await untilLevels([pod], areExpired);
    expect(await ready()).toBe(503);
    await waitFor(async () => (await saidBy(namespace, pod)).slice(-1).some(hasFailed), {
      what: 'a login that fails',
      ...PATIENT,
    });
    expect(await sum()).toBe(before);
    await rds.allow(PAIR.name);
    await untilLevels([pod], areOk);
    expect(await ready()).toBe(200);
    expect(await sum()).not.toBe(before);
    await waitFor(async () => (await saidBy(namespace, pod)).slice(-1).some(hasServed), {
      what: 'work again',
      ...PATIENT,
    });
  });
});
