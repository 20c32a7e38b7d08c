/** Picks the cheapest way to ask whether the remote ref moved. */
import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { PillionError } from '../../core/errors.ts';
import { lineSplitter } from '../../core/exec/lines.ts';
import type { ClientSession } from '../../core/http/client.ts';
import type { Log } from '../../core/log/log.ts';
import { GIT_ERRORS } from '../errors.ts';
import { isFullHash } from '../object-name.ts';
import type { Git } from '../run.ts';
import type { GitSettings } from '../settings.ts';
import type { HttpProbe } from './http-probe.ts';
import type { Refusal } from './http-question.ts';
import type { Relay } from './http-relay.ts';
import { keepRef, picked, type RefQuery } from './ref-query.ts';
import { refusalError } from './refusal-error.ts';
import { isRemoteAnswer, type RemoteState } from './remote-state.ts';
import { createSshProbe } from './ssh-probe.ts';

export interface RemoteProbeInit {
  readonly settings: GitSettings;
  readonly query: RefQuery;
  readonly git: Git;
  readonly root: string;
  /** A directory of our own outside of the root: what somebody configured in the root does not count there. */
  readonly place: string;
  readonly agent: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** The whole environment of git. */
  readonly gitEnv: () => Readonly<Record<string, string>>;
  /** The Authorization header (Basic) for an address, if there are credentials for it. */
  readonly authorization: (url: string) => Promise<string | undefined>;
  /** Told before each question, and waited for. */
  readonly onAsk?: (by: PollKind) => Promise<void>;
  /**
   * Told after each question of this process how many bytes the answers had, also when it failed, and at each rest what a
   * fetch has received through this process; waited for.
   */
  readonly onReceived?: (purpose: TrafficPurpose, bytes: number) => Promise<void>;
  /** Called when the address redirects to another, once. */
  readonly onMoved?: (to: string) => void;
  readonly clock: Clock;
}

/** What bytes are received for. */
export type TrafficPurpose = 'poll' | 'fetch';

/** In this process over HTTP or SSH, by `git ls-remote`, or not at all while the server wants to be left alone. */
export type PollKind = 'http' | 'ssh' | 'git' | 'waiting';

export interface RemoteProbe {
  /** Rejects when there was no answer. */
  ask(signal: AbortSignal): Promise<RemoteState>;
  /**
   * Why the server does not answer as a server of git would; undefined when it does, or when only git could ask. Asks once a
   * minute for the same symptom.
   */
  askWhy(symptom: string, signal: AbortSignal): Promise<Refusal | undefined>;
  /** The server's last answer, as long as it wants to be left alone after that. */
  refusalUntilLater(): PillionError | undefined;
  /** Lets a fetch go on where the last question was answered, if it can. */
  takeRelay(): Relay | undefined;
  /** Nothing is asked or fetched for a while. */
  rest(): Promise<void>;
  close(): void;
}

/** A page that a proxy shows for a moment must not cost a process per poll for ever; a server that needs git does. */
const ASK_GIT_MS = 10 * 60_000;

/** Not at each pass that fails: git has asked the same. */
const ASK_WHY_MS = 60_000;

/** A server that asks for a longer wait is asked again all the same. */
const LONGEST_WAIT_MS = 10 * 60_000;

/** A hash and the name of a ref, which git reads no longer than a packet. */
const LONGEST_LINE = 66 * 1024;

/** Configuration and environment that change how git talks to a server, and that only git itself understands. */
const GIT_ONLY_CONFIG = /^(http|url|credential|remote|core\.gitproxy|protocol)\b/i;
const GIT_ONLY_ENV =
  /^(https?_proxy|all_proxy|git_ssl_(no_verify|cert|key|capath|version|cipher_list)|git_proxy_ssl.*|git_http_proxy_authmethod|git_config_count|git_config_parameters)$/i;

/** What only git understands of how it fetches, though not of how it is told of a change. */
const GIT_FETCHES_ENV = /^git_(allow_protocol|http_low_speed_(limit|time))$/i;

const hasAny = (env: RemoteProbeInit['env'], names: RegExp): boolean =>
  Object.entries(env).some(([name, value]) => names.test(name) && value !== undefined && value !== '');

function needsGit(init: RemoteProbeInit): boolean {
  const { settings, env } = init;
  return (
    !/^https?:\/\//i.test(settings.repo) ||
    settings.cookieFile !== undefined ||
    settings.gitConfig.some(({ key }) => GIT_ONLY_CONFIG.test(key)) ||
    hasAny(env, GIT_ONLY_ENV)
  );
}

/** Reads one line of `git ls-remote`. */
function readLine(line: string, keep: (ref: string, hash: string) => void): void {
  const [hash = '', ref = ''] = line.split('\t');
  if (isFullHash(hash) && ref !== '') {
    keep(ref, hash);
  }
}

/** Asks by `git ls-remote`. */
function createLsRemote({ settings, query, git, place, root }: RemoteProbeInit): RemoteProbe['ask'] {
  // A path that is relative is relative to the root, as for the fetch.
  const cwd = /^\/|:/.test(settings.repo) ? place : root;
  return async (signal) => {
    try {
      const choice = query.start();
      // A list of tags may be longer than what is kept of an output.
      const lines = lineSplitter(
        (line) => readLine(line, (ref, hash) => keepRef(choice, ref, hash)),
        LONGEST_LINE,
      );
      await git.run(['ls-remote', '-q', ...query.flags, '--', settings.repo, ...query.patterns], {
        cwd,
        signal,
        env: { GIT_CEILING_DIRECTORIES: dirname(cwd) },
        onStdout: (chunk) => lines.push(chunk),
      });
      lines.end();
      const found = picked(query, choice.refs);
      return found === undefined ? { kind: 'missing' } : { kind: 'ref', ...found };
    } catch (error) {
      if (isRemoteAnswer(error)) {
        return { kind: 'refused', error };
      }
      throw error;
    }
  };
}

export function createRemoteProbe(init: RemoteProbeInit): RemoteProbe {
  const { settings, clock } = init;
  const lsRemote = createLsRemote(init);
  /** Between two reports. */
  let received = 0;
  const onReceived = (bytes: number) => {
    received += bytes;
  };
  const report = async (purpose: TrafficPurpose) => {
    const bytes = received;
    received = 0;
    await init.onReceived?.(purpose, bytes);
  };
  const ssh = createSshProbe({ ...init, onReceived });
  const mayRelayHttp = !hasAny(init.env, GIT_FETCHES_ENV);
  const isGitAlways = ssh === undefined && needsGit(init);
  let askGitUntil = isGitAlways ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  let why: { readonly symptom: string; readonly until: number; readonly refusal: Refusal } | undefined;
  let busy: { readonly until: number; readonly error: PillionError } | undefined;
  let session: ClientSession | undefined;
  let http: HttpProbe | undefined;
  /** Only who polls over HTTP loads what that takes. */
  const loadHttp = async (): Promise<HttpProbe> => {
    const { openSession } = await import('../../core/http/client.ts');
    const { createHttpProbe } = await import('./http-probe.ts');
    const { GIT_SSL_CAINFO: caFile, SSL_CERT_FILE, SSL_CERT_DIR } = init.env;
    session = openSession({
      // Proxies are left to git; what Node programs of this pod trust in addition, git does not.
      env: { SSL_CERT_FILE, SSL_CERT_DIR },
      caFile: caFile === '' ? undefined : caFile,
      userAgent: init.agent,
    });
    return createHttpProbe({
      repo: settings.repo,
      query: init.query,
      session,
      agent: init.agent,
      authorization: init.authorization,
      onMoved: init.onMoved,
      gitMayKnowMore: () => hasNetrc(init.env),
      now: () => clock.now(),
      onReceived,
    });
  };
  const reported = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } finally {
      await report('poll');
    }
  };
  const askOverHttp = async (signal: AbortSignal) => {
    http ??= await loadHttp();
    return reported(http.ask(signal));
  };
  const refusalUntilLater = () =>
    busy !== undefined && clock.monotonic() < busy.until ? busy.error : undefined;
  const noteRefusal = (answer: Exclude<Refusal, { readonly kind: 'unsupported' }>): PillionError => {
    const error = refusalError(answer, settings.repo);
    if (answer.kind === 'busy' && answer.retryAfterMs !== undefined) {
      busy = { until: clock.monotonic() + Math.min(answer.retryAfterMs, LONGEST_WAIT_MS), error };
    }
    return error;
  };
  return {
    async ask(signal) {
      if (clock.monotonic() < askGitUntil) {
        await init.onAsk?.('git');
        return lsRemote(signal);
      }
      const refusal = refusalUntilLater();
      if (refusal !== undefined) {
        await init.onAsk?.('waiting');
        return { kind: 'refused', error: refusal };
      }
      if (ssh !== undefined) {
        await init.onAsk?.('ssh');
        const state = await reported(ssh.ask(signal));
        if (state !== undefined) {
          return state;
        }
        askGitUntil = clock.monotonic() + ASK_GIT_MS;
        await init.onAsk?.('git');
        return lsRemote(signal);
      }
      await init.onAsk?.('http');
      const answer = await askOverHttp(signal);
      if (answer.kind === 'unsupported') {
        if (answer.isMarkup === true && !(await hasNetrc(init.env))) {
          // Git would get the same page, several times.
          const message = `${settings.repo}: a web page answers (${answer.why})`;
          return { kind: 'refused', error: GIT_ERRORS.web_page({ message }) };
        }
        askGitUntil = clock.monotonic() + ASK_GIT_MS;
        await init.onAsk?.('git');
        return lsRemote(signal);
      }
      if (answer.kind === 'ref') {
        return answer;
      }
      if (answer.kind === 'missing' && answer.what === 'ref') {
        return { kind: 'missing' };
      }
      return { kind: 'refused', error: noteRefusal(answer) };
    },
    async askWhy(symptom, signal) {
      if (isGitAlways || ssh !== undefined) {
        return undefined;
      }
      if (why?.symptom === symptom && clock.monotonic() < why.until) {
        return why.refusal;
      }
      const answer = await askOverHttp(signal);
      if (answer.kind === 'ref' || (answer.kind === 'missing' && answer.what === 'ref')) {
        return undefined;
      }
      if (answer.kind !== 'unsupported') {
        noteRefusal(answer);
      }
      if (refusalUntilLater() === undefined) {
        why = { symptom, until: clock.monotonic() + ASK_WHY_MS, refusal: answer };
      }
      return answer;
    },
    refusalUntilLater,
    takeRelay: () => ssh?.takeRelay() ?? (mayRelayHttp ? http?.takeRelay() : undefined),
    async rest() {
      http?.takeRelay();
      await ssh?.rest();
      if (received > 0) {
        await report('fetch');
      }
    },
    close: () => session?.close(),
  };
}

async function hasNetrc(env: RemoteProbeInit['env']): Promise<boolean> {
  return access(join(env.HOME ?? '/', '.netrc')).then(
    () => true,
    () => false,
  );
}
