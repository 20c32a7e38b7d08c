import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { bareLineFeedAskpass } from '../../../support/hook-server.ts';
import { listenOnLoopback } from '../../../support/listen.ts';
import { writeProgram } from '../safety/support.ts';
import { makeScene, type OwningTest, type Scene } from './scene.ts';

const RIGHT = bareLineFeedAskpass('my-username', 'my-password');
const WRONG = bareLineFeedAskpass('my-username', 'wrong');
const BUSY = 'HTTP/1.1 503 Service Unavailable\n\n';

/** Answers in turn, with bare line feeds and without length, as the suite's netcat does. */
async function startAskpass(test: OwningTest, ...answers: readonly string[]) {
  let served = 0;
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.end(answers[served % answers.length] ?? RIGHT);
      served += 1;
    });
  });
  const listening = await listenOnLoopback(server);
  test.onTestFinished(async () => listening.down());
  return {
    flag: `--askpass-url=http://127.0.0.1:${listening.port}/git_askpass`,
    served: () => served,
    down: async () => listening.down(),
    up: async () => listening.up(),
  };
}

/** git that first asks itself for the password of the URL, as the suite's wrapper does. */
async function gitThatAsks(scene: Scene): Promise<string> {
  const file = await writeProgram(
    scene.join('git-asks'),
    `case "$1" in
clone|ls-remote|fetch)
  url=$(echo "$@" | grep -o "file://[^ ]*")
  answer=$(echo "url=$url" | "$GIT" credential fill)
  echo "$answer" | grep -qx "username=my-username" || exit 1
  echo "$answer" | grep -qx "password=my-password" || exit 1
  ;;
esac
exec "$GIT" "$@"`,
  );
  return `--git=${file}`;
}

describe.concurrent('--askpass-url', () => {
  it('with a wrong password fails the sync (auth_askpass_url_wrong_password)', async (test) => {
    const scene = await makeScene(test);
    const server = await startAskpass(test, WRONG);
    await scene.mustFail([await gitThatAsks(scene), server.flag, '--one-time']);
    expect(server.served()).toBe(1);
  });

  it('with the right password reaches git (auth_askpass_url_correct_password)', async (test) => {
    const scene = await makeScene(test);
    const server = await startAskpass(test, RIGHT);
    await scene.once([await gitThatAsks(scene), server.flag]);
    expect(await scene.read()).toBe('first');
  });

  const expectSyncWithEverySecondAnswer = async (test: OwningTest, bad: string) => {
    const scene = await makeScene(test, '1');
    const server = await startAskpass(test, bad, RIGHT);
    const sync = await scene.start([
      await gitThatAsks(scene),
      server.flag,
      '--period=100ms',
      '--max-failures=2',
    ]);
    const steps = [async () => {}, async () => scene.commit('2'), async () => scene.moveBack()];
    for (const [index, step] of steps.entries()) {
      await step();
      await sync.synced();
      expect(await scene.read()).toBe(['1', '2', '1'][index]);
    }
    expect(await sync.metric('git_sync_askpass_calls{status="success"}')).toBeGreaterThan(2);
    return sync;
  };

  it('that gives a wrong password every other time is asked again (auth_askpass_url_sometimes_wrong)', async (test) => {
    await expectSyncWithEverySecondAnswer(test, WRONG);
  });

  it('that is not available every other time is asked again (auth_askpass_url_flaky)', async (test) => {
    const sync = await expectSyncWithEverySecondAnswer(test, BUSY);
    expect(await sync.metric('git_sync_askpass_calls{status="error"}')).toBeGreaterThan(0);
  });

  it('may come up later than git-sync (auth_askpass_url_slow_start)', async (test) => {
    const scene = await makeScene(test);
    const server = await startAskpass(test, RIGHT);
    await server.down();
    const sync = await scene.start([
      await gitThatAsks(scene),
      server.flag,
      '--period=500ms',
      '--max-failures=100',
    ]);
    await sync.waitForLog('"failCount":2');
    await server.up();
    await sync.synced();
    expect(await scene.read()).toBe('first');
  });
});
