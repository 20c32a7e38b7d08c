import { get } from 'node:http';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

// requests URL TEXT: asks again and again, with a new connection each time, whether the page has the text. SIGTERM ends
// it; then it prints what it saw, as JSON.
const [url = '', text = ''] = process.argv.slice(2);
const WORKERS = 4;
const PAUSE_MS = 20;
// A machine with much else to do may be slow; what counts here is that there is an answer.
const GIVE_UP_MS = 30_000;
const stop = new AbortController();
const failures: { at: string; what: string }[] = [];
let count = 0;
let slowestMs = 0;

async function ask(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: GIVE_UP_MS }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      response.on('error', (error) => resolve(error.message));
      response.on('end', () => {
        const isRight = response.statusCode === 200 && body.includes(text);
        resolve(isRight ? undefined : `${response.statusCode} ${body.slice(0, 200)}`);
      });
    });
    request.on('timeout', () => request.destroy(new Error(`no answer in ${GIVE_UP_MS} ms`)));
    request.on('error', (error) => resolve(error.message));
  });
}

async function work(): Promise<void> {
  while (!stop.signal.aborted) {
    const begin = performance.now();
    const what = await ask();
    count += 1;
    slowestMs = Math.max(slowestMs, Math.round(performance.now() - begin));
    if (what !== undefined) {
      failures.push({ at: new Date().toISOString(), what });
    }
    await delay(PAUSE_MS);
  }
}

process.once('SIGTERM', () => stop.abort());
await Promise.all(Array.from({ length: WORKERS }, work));
console.log(JSON.stringify({ count, slowestMs, failures: failures.slice(0, 20) }));
