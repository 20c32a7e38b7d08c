/** `--credential-identity`: the identity that a cloud gives to what runs in it. */
import type { KnownCredential } from '../match.ts';
import { createTokenCache } from '../token-cache.ts';
import { type MakeSource, reported, type SourceInit } from './source.ts';

export const IDENTITIES = ['azure', 'aws', 'google'] as const;
export type Identity = (typeof IDENTITIES)[number];

export interface IdentityCredential {
  readonly url: string;
  readonly identity: Identity;
  /** In place of the usual one; AWS has none to choose. */
  readonly username?: string;
}

/** Names that the servers do not look at, or (Google's) look for. */
const USERS = { azure: '-', google: 'oauth2accesstoken' } as const;

type Loader = { load(signal: AbortSignal): Promise<KnownCredential>; forget(): void };

function tokenLoader(
  { url, username }: IdentityCredential,
  identity: 'azure' | 'google',
  init: SourceInit,
): Loader {
  const cache = createTokenCache({
    name: identity,
    ask: (signal) =>
      reported(init, identity, async () => {
        const { askAzure, askGoogle } = await import('../identity/ask-cloud.ts');
        return identity === 'azure' ? askAzure(init, signal) : askGoogle(init, signal);
      }),
    now: init.now,
    log: init.log,
  });
  return {
    ...cache,
    async load(signal) {
      const { password } = await cache.current(signal);
      return { url, username: username ?? USERS[identity], password };
    },
  };
}

/** What is kept is the session; each repository has a signature of its own, for each question a new one. */
function awsLoader(url: string, init: SourceInit): Loader {
  const region = async () => {
    const { codecommitRegion } = await import('../identity/codecommit.ts');
    return codecommitRegion(url) ?? init.env['AWS_REGION'] ?? init.env['AWS_DEFAULT_REGION'] ?? 'us-east-1';
  };
  const cache = createTokenCache({
    name: 'aws',
    ask: (signal) =>
      reported(init, 'aws', async () => {
        const { askAwsSession } = await import('../identity/aws-session.ts');
        return askAwsSession(await region(), init, signal);
      }),
    now: init.now,
    log: init.log,
  });
  return {
    ...cache,
    async load(signal) {
      const keys = await cache.current(signal);
      const { codecommitPassword, codecommitUser } = await import('../identity/codecommit.ts');
      const login = { url, region: await region(), keys };
      const sign = (path: string) => codecommitPassword(login, path, init.now());
      const { secretAccessKey, sessionToken = '' } = keys;
      const username = codecommitUser(keys);
      const secrets = [secretAccessKey, sessionToken, username];
      return { url, username, password: sign(new URL(url).pathname), sign, secrets };
    },
  };
}

export const identitySource: MakeSource<{ readonly identityCredentials?: readonly IdentityCredential[] }> = (
  init,
) => {
  const { identityCredentials = [] } = init.settings;
  const loaders = identityCredentials.map((entry) =>
    entry.identity === 'aws' ? awsLoader(entry.url, init) : tokenLoader(entry, entry.identity, init),
  );
  return loaders.length === 0
    ? undefined
    : {
        name: 'identity',
        load: (signal) => Promise.all(loaders.map((loader) => loader.load(signal))),
        forget: () => loaders.forEach((loader) => loader.forget()),
      };
};
