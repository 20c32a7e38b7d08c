import { waitFor } from '../../test/support/wait-for.ts';
import type { Stage } from './stage.ts';

const PAGE = '/folder1/foo';
/** Only bounds a failing demo: the longest wait is the sidecar's pause after several failures. */
const TIMEOUT_MS = 60_000;

export function pageUrl(stage: Stage): string {
  return `${stage.application.url}${PAGE}`;
}

/** Status of a GET, 0 when nobody listens. */
export async function statusOf(url: string, signal: AbortSignal): Promise<number> {
  try {
    const response = await fetch(url, { signal });
    await response.arrayBuffer();
    return response.status;
  } catch {
    signal.throwIfAborted();
    return 0;
  }
}

/** The page as a visitor sees it; throws with the status unless it is 200. */
async function readPage(stage: Stage): Promise<string> {
  const response = await fetch(pageUrl(stage), { signal: stage.signal });
  const body = await response.text();
  if (response.status !== 200) {
    throw new Error(`the page answers ${response.status}: ${body.trim()}`);
  }
  return body;
}

/** Waits until the page holds `text`; returns the milliseconds since `since`, a moment of performance.now(). */
export async function pageToShow(stage: Stage, text: string, since: number): Promise<number> {
  await waitFor(async () => (await readPage(stage)).includes(text), {
    what: `"${text}" on the page`,
    timeoutMs: TIMEOUT_MS,
    signal: stage.signal,
  });
  return performance.now() - since;
}

/** Throws unless the page is there and holds `text` at this moment. */
export async function pageMustShow(stage: Stage, text: string): Promise<void> {
  const body = await readPage(stage);
  if (!body.includes(text)) {
    throw new Error(`"${text}" is not on the page: ${body}`);
  }
}

export async function waitForStatus(stage: Stage, url: string, status: number): Promise<void> {
  await waitFor(async () => (await statusOf(url, stage.signal)) === status, {
    what: `status ${status} of ${url}`,
    timeoutMs: TIMEOUT_MS,
    signal: stage.signal,
  });
}
