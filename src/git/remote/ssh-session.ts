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
import {
  createAdvertisementReader,
  createLsRefsReader,
  lsRefsRequest,
  type ObjectFormat,
} from './ls-refs.ts';
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

/** The program on the server, spoken to step by step. */
interface UploadPack {
  /** From now on this hears what it says. */
  hear(sink: Sink): void;
  /** Said first. */
  ask(question: string): void;
  /** Said after the question, until its end. */
  goOn(input: InputWriter): void;
  abort(): void;
  /** How ssh has ended. */
  readonly over: Promise<RunOutcome>;
  readonly args: readonly string[];
}

function startUploadPack({ ssh, words, env, log, onReceived, signal }: SshSessionInit): UploadPack {
  const abort = new AbortController();
  const onAbort = () => abort.abort(signal.reason);
  if (signal.aborted) {
    onAbort();
  }
  signal.addEventListener('abort', onAbort, { once: true });
  const question = deferred<string>();
  const rest = deferred<InputWriter>();
  let sink: Sink = () => undefined;
  const args = ['-o', 'SendEnv=GIT_PROTOCOL', ...words];
  const shown = [ssh, ...args].join(' ');
  log.at(5, 'running command', { cmd: shown });
  const run = tryRun('/bin/sh', ['-c', `exec ${ssh} "$@"`, 'ssh', ...args], {
    env: { ...env, GIT_PROTOCOL: 'version=2' },
    signal: abort.signal,
    graceMs: 500,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    async stdin(write) {
      await write(await question.promise);
      await (await rest.promise)(write);
    },
    onOutput(stream, chunk) {
      if (stream === 'stdout') {
        onReceived(chunk.length);
        return sink(chunk);
      }
      return undefined;
    },
  });
  const finished = async () => {
    try {
      const outcome = await run;
      log.at(6, 'command result', { stderr: outcome.stderr, cmd: shown });
      return outcome;
    } finally {
      signal.removeEventListener('abort', onAbort);
      question.resolve('');
      rest.resolve(() => Promise.resolve());
    }
  };
  return {
    hear(next) {
      sink = next;
    },
    ask: question.resolve,
    goOn: rest.resolve,
    abort: () => abort.abort(),
    over: finished(),
    args,
  };
}

/**
 * Opens a session and asks for the refs.
 * @throws the failure of ssh as that of git, with its advice; `protocol_error` for what no git says
 */
export async function openSshSession(init: SshSessionInit): Promise<SshSession> {
  const { query, agent } = init;
  const server = startUploadPack(init);
  const { over } = server;
  /** Waits for a part of an answer; ssh must not end before. */
  const before = async (part: Promise<undefined>): Promise<void> => {
    const outcome = await Promise.race([part, over]);
    if (outcome !== undefined) {
      throw gitError(new ExecError('ssh', server.args, outcome));
    }
  };

  const greeting: Buffer[] = [];
  let size = 0;
  const greet = async () => {
    const advertisement = createAdvertisementReader(query);
    const greeted = deferred<undefined>();
    const read = readAll(advertisement, greeted);
    server.hear((chunk) => {
      size += chunk.length;
      if (size <= MAX_GREETING_BYTES) {
        greeting.push(chunk);
      }
      return read(chunk);
    });
    await before(greeted.promise);
    return advertisement.finish();
  };
  const listRefs = async (format: ObjectFormat) => {
    const list = createLsRefsReader(query);
    const listed = deferred<undefined>();
    server.hear(readAll(list, listed));
    server.ask(lsRefsRequest(query, agent, format));
    await before(listed.promise);
    return list.finish();
  };
  const relay = (git: Duplex) => {
    const send = sendTo(git);
    // The rest of a pack is not worth its way to a git that has ended.
    server.hear((chunk) => (git.destroyed ? server.abort() : send(chunk)));
    greeting.forEach((chunk) => git.write(chunk));
    server.goOn(pipeInput(git));
    over.then(
      () => git.end(),
      () => git.destroy(),
    );
  };

  try {
    const advertised = await greet();
    const refs = advertised.version === 0 ? advertised.refs : await listRefs(advertised.format);
    server.ask('');
    return {
      refs,
      relay: size > MAX_GREETING_BYTES ? undefined : relay,
      async end() {
        server.goOn((write) => write('0000'));
        const timer = startTimer(END_MS, server.abort);
        await over.catch(() => undefined).finally(() => timer.cancel());
      },
    };
  } catch (error) {
    server.abort();
    await over.catch(() => undefined);
    throw error;
  }
}
