/** Picks the cheapest way to ask whether the remote ref moved. */
import { dirname } from 'node:path';
import { isFullHash } from '../object-name.ts';
import type { Git } from '../run.ts';
import type { GitSettings } from '../settings.ts';
import type { HttpClient } from './http-client.ts';
import type { Probe } from './http-probe.ts';
import { type AdvertisedRef, pickRef } from './ref-rules.ts';

export interface RemoteProbeInit {
  readonly settings: GitSettings;
  readonly ref: string;
  readonly git: Git;
  readonly root: string;
  /** A directory of our own outside of the root: what somebody configured in the root does not count there. */
  readonly place: string;
  readonly agent: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly authorization: () => Promise<string | undefined>;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
}

export interface RemoteProbe {
  /** The commit the ref is at, or undefined when that cannot be told cheaply (then fetch, which tells why). */
  hash(signal: AbortSignal): Promise<string | undefined>;
  close(): void;
}

/** A page that a proxy shows for a moment must not cost a process per poll for ever; a server that needs git does. */
const ASK_GIT_MS = 10 * 60_000;

/** Configuration and environment that change how git talks to a server, and that only git itself understands. */
const GIT_ONLY_CONFIG = /^(http|url|credential|remote|core\.gitproxy|protocol)\b/i;
const GIT_ONLY_ENV =
  /^(https?_proxy|all_proxy|git_ssl_(no_verify|cert|key|capath|version|cipher_list)|git_proxy_ssl.*|git_http_proxy_authmethod|git_config_count|git_config_parameters)$/i;

function needsGit(init: RemoteProbeInit): boolean {
  const { settings, env } = init;
  return (
    !/^https?:\/\//i.test(settings.repo) ||
    settings.cookieFile !== undefined ||
    settings.gitConfig.some(({ key }) => GIT_ONLY_CONFIG.test(key)) ||
    Object.entries(env).some(
      ([name, value]) => GIT_ONLY_ENV.test(name) && value !== undefined && value !== '',
    )
  );
}

/** Reads the lines of `git ls-remote`. */
export function parseLsRemote(text: string): ReadonlyMap<string, AdvertisedRef> {
  const refs = new Map<string, AdvertisedRef>();
  for (const line of text.split('\n')) {
    const [hash = '', ref = ''] = line.split('\t');
    if (!isFullHash(hash) || ref === '') {
      continue;
    }
    const base = ref.endsWith('^{}') ? ref.slice(0, -3) : ref;
    const earlier = refs.get(base);
    refs.set(
      base,
      base === ref ? { name: base, hash } : { name: base, hash: earlier?.hash ?? hash, peeled: hash },
    );
  }
  return refs;
}

export function createRemoteProbe(init: RemoteProbeInit): RemoteProbe {
  const { settings, ref, git } = init;
  // A path that is relative is relative to the root, as for the fetch.
  const cwd = /^\/|:/.test(settings.repo) ? init.place : init.root;
  let askGitUntil = needsGit(init) ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  let client: HttpClient | undefined;
  let http: Probe | undefined;
  /** Only who polls over HTTP loads what that takes. */
  const loadHttp = async (): Promise<Probe> => {
    const { createHttpClient } = await import('./http-client.ts');
    const { createHttpProbe } = await import('./http-probe.ts');
    client = createHttpClient(init.env);
    return createHttpProbe({
      repo: settings.repo,
      ref,
      client,
      agent: init.agent,
      authorization: init.authorization,
    });
  };
  const lsRemote = async (signal: AbortSignal) => {
    const text = await git.run(['ls-remote', '-q', '--', settings.repo, ref, `${ref}^{}`], {
      cwd,
      signal,
      env: { GIT_CEILING_DIRECTORIES: dirname(cwd) },
    });
    return pickRef(ref, parseLsRemote(text));
  };
  return {
    async hash(signal) {
      if (init.now() < askGitUntil) {
        return lsRemote(signal);
      }
      http ??= await loadHttp();
      const result = await http(signal);
      if (result.kind === 'unsupported') {
        askGitUntil = init.now() + ASK_GIT_MS;
        return lsRemote(signal);
      }
      return result.kind === 'hash' ? result.hash : undefined;
    },
    close: () => client?.close(),
  };
}
