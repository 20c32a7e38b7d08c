import { type Answer, httpGet } from './namespace.ts';

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
