import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, httpGet } from './namespace.ts';

/** Each reading starts a program, which takes the processor from what is looked at. */
const PAUSE_MS = 50;

export interface PageWatch {
  /** Ends it: how many answers there were, and those that were not right. */
  stop(isRight: (answer: Answer) => boolean): Promise<{ answers: number; wrong: readonly Answer[] }>;
}

/** Asks for a page again and again from the node. */
export function watchPage(url: string): PageWatch {
  const answers: Answer[] = [];
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      answers.push(await httpGet(url));
      await delay(PAUSE_MS);
    }
  })();
  return {
    async stop(isRight) {
      over.abort();
      await watching;
      return { answers: answers.length, wrong: answers.filter((answer) => !isRight(answer)) };
    },
  };
}
