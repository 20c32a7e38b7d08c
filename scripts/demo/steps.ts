import { setTimeout as delay } from 'node:timers/promises';
import { git } from '../../test/support/git.ts';
import { pseudoRandomBytes } from '../../test/support/large-repository.ts';
import type { RunningPillion } from '../../test/support/pillion.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { pageMustShow, pageToShow, pageUrl, statusOf, waitForStatus } from './page.ts';
import { type Report, seconds } from './report.ts';
import { killSidecar, push, type Stage, startSidecar, stopSidecar } from './stage.ts';
import { sendWebhook } from './webhook.ts';

/** One thing that the demo shows: it throws when that does not hold. */
export interface Step {
  readonly title: string;
  readonly run: (stage: Stage, report: Report) => Promise<void>;
}

const WAIT_MS = 60_000;
const GRACE_MS = 15_000;
const FIRST = 'This is the <em>first</em> version.';

function sidecarOf(stage: Stage): RunningPillion {
  if (!stage.sidecar) {
    throw new Error('the sidecar does not run');
  }
  return stage.sidecar;
}

async function mustAnswer(stage: Stage, url: string, status: number): Promise<void> {
  const found = await statusOf(url, stage.signal);
  if (found !== status) {
    throw new Error(`${url} answers ${found}, expected ${status}`);
  }
}

/** Waits until the sidecar has logged another failed sync, counted from now. */
async function sidecarToFail(stage: Stage): Promise<void> {
  const sidecar = sidecarOf(stage);
  await sidecar.waitForLog(/"msg":"(error|failed)[^"]*sync/, {
    timeoutMs: WAIT_MS,
    from: sidecar.lines().length,
  });
}

const beforeTheFirstSync: Step = {
  title: 'before the first sync',
  async run(stage, report) {
    await startSidecar(stage);
    report.say(`pillion ${stage.sidecarCommand.join(' ')}`);
    await waitForStatus(stage, stage.sidecarUrl, 503);
    await mustAnswer(stage, `${stage.application.url}/healthz`, 503);
    await mustAnswer(stage, pageUrl(stage), 503);
    report.ok('the git server is not up yet: the page and the readiness of the sidecar answer 503');
  },
};

const firstSync: Step = {
  title: 'the first sync',
  async run(stage, report) {
    const start = performance.now();
    await stage.server.up();
    const ms = await waitForStatus(stage, pageUrl(stage), 200).then(() => performance.now() - start);
    await pageMustShow(stage, '<h1>Hello from the demo</h1>');
    await pageMustShow(stage, FIRST);
    await waitForStatus(stage, stage.sidecarUrl, 200);
    await mustAnswer(stage, `${stage.application.url}/healthz`, 200);
    report.ok(`the git server is up: ${seconds(ms)} later the page is there: ${pageUrl(stage)}`);
  },
};

const pushChangesThePage: Step = {
  title: 'a push',
  async run(stage, report) {
    await push(stage, { 'folder1/foo.md': '# Second version\n\nPushed over HTTP.\n' });
    const ms = await pageToShow(stage, '<h1>Second version</h1>', performance.now());
    report.ok(`a push changes the page: ${seconds(ms)} from push to page`);
  },
};

const pushByWebhook: Step = {
  title: 'a push that arrives by webhook',
  async run(stage, report) {
    await stopSidecar(stage);
    const sidecar = await startSidecar(stage, stage.webhookFlags);
    await sidecar.waitForLog('waiting for requests to sync', { signal: stage.signal });
    await waitForStatus(stage, stage.sidecarUrl, 200);
    const after = await push(stage, { 'folder1/foo.md': '# Brought by a webhook\n' });
    const refused = await sendWebhook(stage, after, 'the secret of somebody else');
    if (refused !== 401) {
      throw new Error(`a forged webhook is answered with ${refused}`);
    }
    await pageMustShow(stage, '<h1>Second version</h1>');
    report.ok('without polls (--period=0) a push is not seen by itself, and a forged webhook is refused');
    const start = performance.now();
    const status = await sendWebhook(stage, after, stage.webhookSecret);
    if (status !== 202) {
      throw new Error(`the webhook is answered with ${status}`);
    }
    const ms = await pageToShow(stage, '<h1>Brought by a webhook</h1>', start);
    report.ok(`a webhook as GitHub sends it brings it: ${seconds(ms)} from webhook to page`);
    await stopSidecar(stage);
    await startSidecar(stage);
    await waitForStatus(stage, stage.sidecarUrl, 200);
  },
};

const badPush: Step = {
  title: 'a bad push',
  async run(stage, report) {
    await git(stage.editor, 'push', '--quiet', 'origin', '--delete', 'main');
    await sidecarToFail(stage);
    await pageMustShow(stage, '<h1>Brought by a webhook</h1>');
    report.ok('a bad push (the branch is deleted): the sync fails, and the page stands');
    await push(stage, { 'folder1/foo.md': '# Third version\n' });
    const ms = await pageToShow(stage, '<h1>Third version</h1>', performance.now());
    report.ok(`a good push heals it: ${seconds(ms)} from push to page`);
  },
};

const deadServer: Step = {
  title: 'a dead server',
  async run(stage, report) {
    await stage.server.down();
    await sidecarToFail(stage);
    await pageMustShow(stage, '<h1>Third version</h1>');
    report.ok('the git server is dead: the sync fails, and the page stands');
    await stage.server.up();
    await push(stage, { 'folder1/foo.md': '# Fourth version\n' });
    const ms = await pageToShow(stage, '<h1>Fourth version</h1>', performance.now());
    report.ok(`the git server is back: ${seconds(ms)} from the next push to the page`);
  },
};

const killedInMidSync: Step = {
  title: 'SIGKILL in mid-sync',
  async run(stage, report) {
    // Only an answer with a pack is longer than this: the sidecar stands in the middle of a fetch then.
    stage.server.fail({ kind: 'stall', afterBytes: 100_000 });
    await push(stage, {
      'folder1/foo.md': '# Fifth version\n',
      'folder1/picture.bin': pseudoRandomBytes(1_000_000, 1),
    });
    await waitFor(() => stage.server.heldConnections() > 0, {
      what: 'the sidecar to fetch',
      timeoutMs: WAIT_MS,
      signal: stage.signal,
    });
    await killSidecar(stage);
    await pageMustShow(stage, '<h1>Fourth version</h1>');
    report.ok('the sidecar is killed (SIGKILL) in the middle of a fetch: the page stands');
    stage.server.heal();
    const start = performance.now();
    await startSidecar(stage);
    const ms = await pageToShow(stage, '<h1>Fifth version</h1>', start);
    await waitForStatus(stage, stage.sidecarUrl, 200);
    report.ok(`started again it continues: ${seconds(ms)} from start to page`);
  },
};

/** What the demo shows, in order; each step stands on the one before. */
export const STEPS: readonly Step[] = [
  beforeTheFirstSync,
  firstSync,
  pushChangesThePage,
  pushByWebhook,
  badPush,
  deadServer,
  killedInMidSync,
];

/** The last step, also when a visitor stayed in between. */
export const endOfSidecar: Step = {
  title: 'SIGTERM',
  async run(stage, report) {
    const sidecar = sidecarOf(stage);
    const start = performance.now();
    sidecar.signal('SIGTERM');
    const exit = await Promise.race([sidecar.exit, delay(GRACE_MS, undefined, { ref: false })]);
    if (exit === undefined) {
      throw new Error(`the sidecar still runs ${seconds(GRACE_MS)} after SIGTERM`);
    }
    const ms = performance.now() - start;
    await pageMustShow(stage, '<h1>');
    report.ok(`SIGTERM ends the sidecar in ${seconds(ms)}; what it published stays`);
  },
};
