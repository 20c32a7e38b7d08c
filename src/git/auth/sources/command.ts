/** `--credential-command`: a program that is asked as git asks its credential helpers, and may answer in JSON. */
import { lastLine } from '../../../core/exec/display.ts';
import { type RunOutcome, tryRun } from '../../../core/exec/run.ts';
import { AUTH_ERRORS } from '../errors.ts';
import { questionInScope } from '../match.ts';
import { parseTokenAnswer, type Token } from '../token-answer.ts';
import { createTokenCache } from '../token-cache.ts';
import { type CredentialSource, type MakeSource, reported, type SourceInit } from './source.ts';

/** A program that knows the credentials for a URL. */
export interface CommandCredential {
  readonly url: string;
  /** Where the answer names none. */
  readonly username?: string;
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]];
}

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 64 * 1024;

/** The question as git asks it (git-credential(1)). */
function questionOf({ url, username }: CommandCredential): string {
  const { protocol, host, path } = questionInScope(url, 'repository') ?? { protocol: '', host: '' };
  const line = (name: string, value: string | undefined) =>
    // A line end in it (%0A) would begin another line; git refuses such an address.
    value === undefined || value === '' || /[\n\0]/.test(value) ? '' : `${name}=${value}\n`;
  return `protocol=${protocol}\nhost=${host}\n${line('path', path)}${line('username', username)}\n`;
}

/** Of its output nothing is shown; of what it complains about, nothing that it gave out as password. */
function howItEnded(outcome: RunOutcome): string {
  if (outcome.startFailure !== undefined) {
    return `cannot be started: it ${outcome.startFailure.problem}`;
  }
  if (outcome.timedOut) {
    return `gave no answer within ${TIMEOUT_MS / 1000} s`;
  }
  const end = outcome.signal ?? `exit code ${outcome.exitCode ?? 'unknown'}`;
  const answer = parseTokenAnswer(outcome.stdout, 0);
  const said = lastLine(outcome.stderr);
  const safe = 'why' in answer ? said : said.replaceAll(answer.password, 'REDACTED');
  return safe === '' ? `failed with ${end}` : `failed with ${end}: ${safe}`;
}

async function ask(entry: CommandCredential, init: SourceInit, signal: AbortSignal): Promise<Token> {
  const [program, ...args] = entry.command;
  const failed = (why: string, hint?: string) =>
    AUTH_ERRORS.credential_command_failed({ program, why, hint });
  const askedAt = init.now();
  const outcome = await tryRun(program, args, {
    env: definedOnly(init.programEnv ?? init.env),
    stdin: questionOf(entry),
    timeoutMs: TIMEOUT_MS,
    maxOutputBytes: MAX_BYTES,
    signal,
  });
  signal.throwIfAborted();
  if (outcome.exitCode !== 0 || outcome.timedOut) {
    throw failed(howItEnded(outcome), outcome.startFailure?.hint);
  }
  const answer: ReturnType<typeof parseTokenAnswer> = outcome.stdoutTruncated
    ? { why: `it is longer than ${MAX_BYTES} bytes` }
    : parseTokenAnswer(outcome.stdout, askedAt);
  if ('why' in answer) {
    throw failed(`gave no usable answer: ${answer.why}`);
  }
  if (answer.expiresAt !== undefined && answer.expiresAt <= init.now()) {
    throw failed('gave a credential that has ended already');
  }
  return answer;
}

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** An answer with an end is kept until shortly before it; one without is asked for before each use of the remote. */
export const commandSource: MakeSource<{ readonly commandCredentials?: readonly CommandCredential[] }> = (
  init,
) => {
  const { commandCredentials = [] } = init.settings;
  if (commandCredentials.length === 0) {
    return undefined;
  }
  const name = 'command';
  const entries = commandCredentials.map((entry) => ({
    entry,
    cache: createTokenCache({
      name: entry.command[0],
      ask: (signal) => reported(init, name, () => ask(entry, init, signal)),
      now: init.now,
      log: init.log,
    }),
  }));
  const source: CredentialSource = {
    name,
    async load(signal) {
      const loaded = entries.map(async ({ entry: { url, username = '-' }, cache }) => {
        const token = await cache.current(signal);
        return { url, username: token.username ?? username, password: token.password };
      });
      return Promise.all(loaded);
    },
    forget: () => entries.forEach(({ cache }) => cache.forget()),
  };
  return source;
};
