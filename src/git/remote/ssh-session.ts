/**
 * A session with `git-upload-pack` on an SSH server, in this process: first it is asked for the refs, and a fetch may then
 * go on in it. Git would open a second one for that, which costs a process and a login on the server.
 */
import type { Duplex } from 'node:stream';
import { type Deferred, deferred } from '../../core/deferred.ts';
import { ExecError } from '../../core/exec/exec-error.ts';
import type { InputWriter, RunOutcome } from '../../core/exec/outcome.ts';
import { tryRun } from '../../core/exec/run.ts';
import type { Log } from '../../core/log/log.ts';
import { startTimer } from '../../core/timer.ts';
import { gitError } from '../errors.ts';
import { refuseAnswer } from './errors.ts';
import { MAX_REFS_BYTES } from './http-question.ts';
import type { Relay } from './http-relay.ts';
import { createAdvertisementReader, createLsRefsReader, lsRefsRequest } from './ls-refs.ts';
import type { RefQuery } from './ref-query.ts';
import type { AdvertisedRef } from './ref-rules.ts';
import { sendTo } from './send-to.ts';

export interface SshSessionInit {
  /** The shell's words that run ssh: the value of GIT_SSH_COMMAND. */
  readonly ssh: string;
  /** `[-p PORT] [user@]host`, then what the server is to run. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly query: RefQuery;
  /** How we name ourselves in the protocol. */
  readonly agent: string;
  readonly log: Log;
  /** Told of each piece that comes from the server. */
  readonly onReceived: (bytes: number) => void;
  /** Ends the session, whoever uses it. */
  readonly signal: AbortSignal;
}

export interface SshSession {
  readonly refs: ReadonlyMap<string, AdvertisedRef>;
  /** Lets a git talk to the server, which it takes for a session of its own; undefined where it could not hear all of it. */
  readonly relay: Relay | undefined;
  /** Resolves when the session is over; a server that does not end it is left. */
  end(): Promise<void>;
}

/** What the server said first, for a git to hear. A server with very many refs says them again when git asks itself. */
const MAX_GREETING_BYTES = 1024 * 1024;
/** Of what is kept of its error output. */
const MAX_OUTPUT_BYTES = 64 * 1024;
const END_MS = 1000;

type Sink = (chunk: Buffer) => void | Promise<void>;

/** Passes on what one side says until it has ended its half. */
function pipeInput(source: Duplex): InputWriter {
  return (write) =>
    new Promise((resolve, reject) => {
      source.on('data', (chunk: Buffer) => {
        source.pause();
        write(chunk).then(() => source.resume(), reject);
      });
      source.once('end', resolve);
      source.once('close', resolve);
    });
}

/** Feeds a reader until it has all that it reads. */
function readAll(
  reader: { push(chunk: Buffer): void; isComplete(): boolean },
  done: Deferred<undefined>,
): Sink {
  let bytes = 0;
  return (chunk) => {
    bytes += chunk.length;
    if (bytes > MAX_REFS_BYTES) {
      refuseAnswer('(a very long list of refs)');
    }
    reader.push(chunk);
    if (reader.isComplete()) {
      done.resolve(undefined);
    }
  };
}

/**
 * Opens a session and asks for the refs.
 * @throws the failure of ssh as that of git, with its advice; `protocol_error` for what no git says
 */
export async function openSshSession(init: SshSessionInit): Promise<SshSession> {
  const { query, agent, log, signal } = init;
  const abort = new AbortController();
  const onAbort = () => abort.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });

  const greeted = deferred<undefined>();
  const question = deferred<string>();
  const answered = deferred<undefined>();
  const rest = deferred<InputWriter>();

  const advertisement = createAdvertisementReader(query);
  const listed = createLsRefsReader(query);
  const greeting: Buffer[] = [];
  let size = 0;
  const readGreeting = readAll(advertisement, greeted);
  let sink: Sink = (chunk) => {
    size += chunk.length;
    if (size <= MAX_GREETING_BYTES) {
      greeting.push(chunk);
    }
    return readGreeting(chunk);
  };

  const args = ['-o', 'SendEnv=GIT_PROTOCOL', ...init.words];
  const shown = [init.ssh, ...args].join(' ');
  log.at(5, 'running command', { cmd: shown });
  const run = tryRun('/bin/sh', ['-c', `exec ${init.ssh} "$@"`, 'ssh', ...args], {
    env: { ...init.env, GIT_PROTOCOL: 'version=2' },
    signal: abort.signal,
    graceMs: 500,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    async stdin(write) {
      await write(await question.promise);
      await (await rest.promise)(write);
    },
    onOutput(stream, chunk) {
      if (stream === 'stdout') {
        init.onReceived(chunk.length);
        return sink(chunk);
      }
      return undefined;
    },
  });
  const over = run.finally(() => {
    signal.removeEventListener('abort', onAbort);
    question.resolve('');
    rest.resolve(() => Promise.resolve());
  });
  const failed = over.then((outcome: RunOutcome) => {
    log.at(6, 'command result', { stderr: outcome.stderr, cmd: shown });
    throw gitError(new ExecError('ssh', args, outcome));
  });
  const end = async (): Promise<void> => {
    rest.resolve((write) => write('0000'));
    const timer = startTimer(END_MS, () => abort.abort());
    await over.catch(() => undefined).finally(() => timer.cancel());
  };

  try {
    await Promise.race([greeted.promise, failed]);
    const advertised = advertisement.finish();
    const isList = advertised.version === 0;
    if (!isList) {
      sink = readAll(listed, answered);
      question.resolve(lsRefsRequest(query, agent, advertised.format));
      await Promise.race([answered.promise, failed]);
    }
    question.resolve('');
    const relay = (git: Duplex) => {
      const send = sendTo(git);
      // The rest of a pack is not worth its way to a git that has ended.
      sink = (chunk) => (git.destroyed ? abort.abort() : send(chunk));
      greeting.forEach((chunk) => git.write(chunk));
      rest.resolve(pipeInput(git));
      over.then(
        () => git.end(),
        () => git.destroy(),
      );
    };
    return {
      refs: isList ? advertised.refs : listed.finish(),
      relay: size > MAX_GREETING_BYTES ? undefined : relay,
      end,
    };
  } catch (error) {
    abort.abort();
    await over.catch(() => undefined);
    throw error;
  }
}
