/** What the receiver answers, and when it asks for a pass. */
import { createHmac } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createSecrets } from '../../../core/log/secrets.ts';
import { createFakeClock, settle } from '../../../core/testing/fake-clock.ts';
import { createRecordedLog } from '../../../core/testing/recorded-log.ts';
import { GIT_ERRORS } from '../../../git/errors.ts';
import { initialStatus } from '../../sync/status.ts';
import { createTrigger } from '../trigger.ts';
import { createHandler } from './handler.ts';
import { createPace, SHORTEST_GAP_MS } from './pace.ts';
import { watchPasses } from './passes.ts';
import { watchForUnseen } from './unseen.ts';

const SECRET = 'a-secret-that-is-long-enough';
const REPO = 'https://git.example/org/repo';
const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(40)) as [string, string, string];

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly query?: string;
}

function bearer(query = ''): Sent {
  return { headers: { authorization: `Bearer ${SECRET}` }, query };
}

function push(id: string, before = A, after = B, query = ''): Sent {
  const repository = { clone_url: `${REPO}.git`, default_branch: 'main' };
  const body = JSON.stringify({ ref: 'refs/heads/main', before, after, repository });
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  const headers = {
    'x-github-event': 'push',
    'x-github-delivery': id,
    'x-hub-signature-256': `sha256=${signature}`,
  };
  return { headers, body, query };
}

function start(waitMs = 60_000) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'hrtime'] });
  onTestFinished(() => void vi.useRealTimers());
  const clock = createFakeClock();
  const { log, lines } = createRecordedLog(1);
  const trigger = createTrigger();
  const requested = vi.spyOn(trigger, 'request');
  const pace = createPace(trigger, clock);
  const passes = watchPasses();
  const unseen = watchForUnseen((why) => void pace.request(why));
  passes.onSuccess(unseen.found);
  const counts: string[] = [];
  const stop = new AbortController();
  const handle = createHandler({
    targets: () => [
      {
        name: undefined,
        followed: { repo: REPO, follow: { kind: 'ref', ref: 'main' } },
        pace,
        passes,
        unseen,
        waitMs,
      },
    ],
    secrets: { current: () => Promise.resolve([SECRET]) },
    clock,
    log,
    redact: createSecrets().redact,
    count: (source, outcome) => void counts.push(`${source} ${outcome}`),
    stop: stop.signal,
  });
  const emit = (event: Parameters<typeof passes.observe>[0]) => passes.observe(event, initialStatus(false));
  return {
    lines,
    stop,
    counts,
    requests: () => requested.mock.calls.length,
    async send({ headers = {}, body = '', query = '' }: Sent) {
      const bytes = Buffer.from(body);
      const reply = await handle({
        method: 'POST',
        path: '/',
        query: new URLSearchParams(query),
        headers,
        remoteAddress: '10.0.0.1',
        signal: new AbortController().signal,
        readBody: () => Promise.resolve(bytes),
        takeBody: (take) => Promise.resolve(take(bytes)),
        giveUp: () => undefined,
      });
      const isJson = reply.contentType?.startsWith('application/json') ?? false;
      const said = isJson ? (JSON.parse(String(reply.body)) as Record<string, unknown>) : {};
      return { status: reply.status, ...said };
    },
    async wait(ms: number) {
      await clock.advance(ms);
      await vi.advanceTimersByTimeAsync(ms);
    },
    begin: () => emit({ kind: 'pass-started', deadlineAt: 0 }),
    async end(hash: string) {
      await emit({
        kind: 'pass-succeeded',
        result: { hash, changed: true, pinned: false },
        status: 'success',
        seconds: 1,
      });
      await emit({ kind: 'pass-ended', ok: true });
    },
    async fail() {
      await emit({
        kind: 'pass-failed',
        error: GIT_ERRORS.git_failed({ message: 'no network' }),
        seconds: 1,
      });
      await emit({ kind: 'pass-ended', ok: false });
    },
  };
}

describe('a request with a secret', () => {
  it('starts a sync at once, and the answer says so', async () => {
    const { send, requests, counts } = start();
    expect(await send(bearer())).toMatchObject({
      status: 202,
      outcome: 'accepted',
      message: 'a sync starts now',
    });
    expect([requests(), counts]).toEqual([1, ['request accepted']]);
  });

  it('is told of the ref and the commit that it announces', async () => {
    const { send } = start();
    expect(await send(push('1'))).toMatchObject({ status: 202, ref: 'refs/heads/main', hash: B });
  });

  it('that comes during a sync leads to exactly one more, however many there are', async () => {
    const { send, begin, wait, requests, counts } = start();
    await send(push('1'));
    await begin();
    await wait(SHORTEST_GAP_MS);
    const after = requests();
    expect(await send(push('2', B, C))).toMatchObject({
      outcome: 'accepted',
      message: 'a sync is running; one more follows it',
    });
    for (let index = 0; index < 20; index += 1) {
      expect(await send(bearer())).toMatchObject({ status: 202, outcome: 'coalesced' });
    }
    await wait(SHORTEST_GAP_MS);
    // All others are in the one that the trigger holds.
    expect(requests() - after).toBeLessThanOrEqual(2);
    expect(counts.filter((count) => count.endsWith('coalesced'))).toHaveLength(20);
  });

  it('that comes too soon after another waits, and is not lost', async () => {
    const { send, begin, end, wait, requests } = start();
    await send(bearer());
    await begin();
    await end(B);
    expect(await send(bearer())).toMatchObject({
      status: 202,
      message: expect.stringContaining('starts in 500 ms'),
    });
    expect(requests()).toBe(1);
    await wait(SHORTEST_GAP_MS);
    expect(requests()).toBe(2);
  });

  it('may wait for the result: the commit, or what failed', async () => {
    const { send, begin, end, fail } = start();
    const good = send(bearer('wait=1'));
    await settle();
    await begin();
    await end(B);
    expect(await good).toMatchObject({ status: 200, outcome: 'synced', hash: B, changed: true });
    const bad = send(bearer('wait=true'));
    await settle();
    await begin();
    await fail();
    expect(await bad).toMatchObject({
      status: 500,
      outcome: 'failed',
      error: 'no network',
      code: 'git_failed',
    });
  });

  it('that came during a sync waits for the one after it', async () => {
    const { send, begin, end } = start();
    await begin();
    const answer = send(bearer('wait=1'));
    await settle();
    await end(A);
    await begin();
    await end(B);
    expect(await answer).toMatchObject({ hash: B });
  });

  it('that waits is told when the process ends', async () => {
    const { send, begin, stop } = start();
    const answer = send(bearer('wait=1'));
    await settle();
    await begin();
    stop.abort();
    expect(await answer).toMatchObject({ status: 503 });
  });

  it('waits for so long, and only so many do', async () => {
    const { send, wait } = start(1000);
    const waiting = Array.from({ length: 16 }, () => send(bearer('wait=1')));
    expect(await send(bearer('wait=1'))).toMatchObject({
      status: 202,
      message: expect.stringContaining('too many'),
    });
    await wait(1000);
    for (const answer of await Promise.all(waiting)) {
      expect(answer).toMatchObject({ status: 202, message: expect.stringContaining('within 1 s') });
    }
  });
});

describe('what starts no sync', () => {
  it.each<[string, Sent, object]>([
    ['no proof', {}, { status: 401, outcome: 'unauthorized' }],
    ['a wrong token', { headers: { authorization: 'Bearer wrong' } }, { status: 401 }],
    ['a forged signature', { ...push('1'), body: '{"ref":"refs/heads/main"}' }, { status: 401 }],
    [
      'a ping',
      { headers: { ...push('1').headers, 'x-github-event': 'ping' }, body: push('1').body ?? '' },
      { status: 200, outcome: 'ping', message: expect.stringContaining('the hook works') },
    ],
    [
      'another event',
      { headers: { ...push('1').headers, 'x-github-event': 'star' }, body: push('1').body ?? '' },
      { status: 200, outcome: 'ignored', message: expect.stringContaining('star') },
    ],
    [
      'no JSON',
      { headers: { ...bearer().headers, 'x-gitlab-event': 'Push Hook' }, body: '{' },
      { status: 400, outcome: 'malformed' },
    ],
    [
      'another repository',
      {
        headers: { ...bearer().headers, 'x-gitlab-event': 'Push Hook' },
        body: '{"object_kind":"push","ref":"refs/heads/main","project":{"git_http_url":"https://git.example/x/y.git"}}',
      },
      {
        status: 200,
        outcome: 'ignored',
        message: `the push is to https://git.example/x/y.git, and what is followed is ${REPO}`,
      },
    ],
  ])('%s', async (_what, sent, answer) => {
    const { send, requests } = start();
    expect(await send(sent)).toMatchObject(answer);
    expect(requests()).toBe(0);
  });

  it('a push that was delivered before, under whatever id', async () => {
    const { send, begin, end, wait, requests, counts } = start();
    await send(push('1'));
    await begin();
    await end(B);
    await wait(60_000);
    for (const id of ['1', '2', '3']) {
      expect(await send(push(id))).toMatchObject({ status: 200, outcome: 'replayed' });
    }
    expect([requests(), counts.slice(1)]).toEqual([1, Array(3).fill('github replayed')]);
  });
});

describe('what is signed and was ignored', () => {
  it('starts no sync without the header of its event, nor under another, nor later', async () => {
    const { send, requests, wait } = start();
    const other = { ...push('1'), body: push('1').body ?? '' };
    const { 'x-github-event': _, ...bare } = other.headers ?? {};
    expect(await send({ ...other, headers: bare })).toMatchObject({
      status: 200,
      outcome: 'ignored',
      message: expect.stringContaining('needs the header'),
    });
    expect(await send(other)).toMatchObject({ outcome: 'replayed' });
    await wait(60_000);
    expect(await send({ ...other, headers: { ...bare, 'x-forgejo-event': 'push' } })).toMatchObject({
      outcome: 'replayed',
    });
    expect(requests()).toBe(0);
  });
});

describe('a push that the server does not show yet', () => {
  it('is looked for again, a few times', async () => {
    const { send, begin, end, wait, requests } = start();
    await send(push('1', A, B));
    for (const [tries, delay] of [1000, 5000, 20_000].entries()) {
      await begin();
      await end(A);
      expect(requests()).toBe(tries + 1);
      await wait(delay);
      expect(requests()).toBe(tries + 2);
    }
    await begin();
    await end(A);
    await wait(3_600_000);
    expect(requests()).toBe(4);
  });

  it('is looked for no more once it is there, or the ref has gone elsewhere', async () => {
    const { send, begin, end, wait, requests } = start();
    await send(push('1', A, B));
    await begin();
    await end(A);
    await begin();
    await end(C);
    await wait(3_600_000);
    expect(requests()).toBe(1);
  });
});

describe('strangers', () => {
  it('cause a line of the log in ten seconds, with how many there were', async () => {
    const { send, wait, lines } = start();
    for (let index = 0; index < 1000; index += 1) {
      await send({});
    }
    expect(lines).toHaveLength(1);
    await wait(10_000);
    await send({});
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('"alsoSince":999');
  });
});
