/** All credentials of one git-sync, refreshed before each sync. */
import { readFile } from 'node:fs/promises';
import { errorMessage, PillionError } from '../../core/errors.ts';
import type { Log } from '../../core/log/log.ts';
import type { Secrets } from '../../core/log/secrets.ts';
import type { Credential, GitSettings } from '../settings.ts';
import { findCredential, type KnownCredential, questionFor } from './match.ts';
import { askPassword } from './sources/askpass.ts';
import { fetchInstallationToken, type InstallationToken } from './sources/github-app.ts';

/** A token that ends within this time is replaced before the sync. */
const TOKEN_MARGIN_MS = 30_000;

export interface CredentialStore {
  /** Reads password files, asks the askpass URL, renews the app's token. Throws when any of them fails. */
  refresh(signal: AbortSignal): Promise<void>;
  current(): readonly KnownCredential[];
  /** The Authorization header for a URL, or undefined. */
  authorization(url: string): string | undefined;
}

export interface CredentialStoreInit {
  readonly settings: GitSettings;
  readonly secrets: Secrets;
  readonly log: Log;
  readonly now: () => number;
  /** For the proxies and certificates of requests. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onAskpass: (status: 'success' | 'error') => void;
  readonly onAppToken: (status: 'success' | 'error') => void;
}

/** Counts a step that may fail. */
async function counted<T>(step: () => Promise<T>, count: (status: 'success' | 'error') => void): Promise<T> {
  try {
    const value = await step();
    count('success');
    return value;
  } catch (error) {
    count('error');
    throw error;
  }
}

async function readPassword(credential: Credential): Promise<string> {
  if (credential.passwordFile === undefined) {
    return credential.password ?? '';
  }
  try {
    // The first line is the password: editors and Secrets end files with a newline.
    return (await readFile(credential.passwordFile, 'utf8')).split(/\r?\n/)[0] ?? '';
  } catch (error) {
    throw new PillionError({
      code: 'password_file_unreadable',
      message: `cannot read the password file ${credential.passwordFile}: ${errorMessage(error)}`,
      hint: 'check that the Secret is mounted and readable for this user (fsGroup, defaultMode)',
      retryable: true,
      cause: error,
    });
  }
}

/** A later credential replaces an earlier one of the same server and user, as a later `credential approve` does. */
function withoutReplaced(fresh: readonly KnownCredential[]): KnownCredential[] {
  const key = ({ url, username }: KnownCredential) => {
    const question = questionFor(url);
    return JSON.stringify([question?.protocol, question?.host, username]);
  };
  const last = new Map(fresh.map((credential, index) => [key(credential), index]));
  return fresh.filter((credential, index) => last.get(key(credential)) === index);
}

/** Registers every form a secret takes on its way to a server. */
function hide(secrets: Secrets, known: KnownCredential): void {
  if (known.password !== '') {
    // Tokens are replaced for ever: what died long ago need not be searched for.
    const slot = JSON.stringify([known.url, known.username]);
    secrets.addRotating(slot, known.password);
    secrets.addRotating(`${slot} pair`, `${known.username}:${known.password}`);
  }
}

export function createCredentialStore(init: CredentialStoreInit): CredentialStore {
  const { settings, secrets, log } = init;
  let known: readonly KnownCredential[] = [];
  let appToken: InstallationToken | undefined;

  const fromSettings = () => {
    return Promise.all(
      settings.credentials.map(async (credential) => {
        log.at(3, 'storing credential', { url: credential.url, username: credential.username });
        return {
          url: credential.url,
          username: credential.username,
          password: await readPassword(credential),
        };
      }),
    );
  };
  const fromAskpass = async (signal: AbortSignal): Promise<KnownCredential[]> => {
    if (settings.askpassUrl === '') {
      return [];
    }
    log.at(3, 'calling auth URL to get credentials');
    const answer = await counted(() => askPassword(settings.askpassUrl, signal, init.env), init.onAskpass);
    return [{ url: settings.repo, ...answer }];
  };
  const fromApp = async (signal: AbortSignal): Promise<KnownCredential[]> => {
    const app = settings.githubApp;
    if (app === undefined) {
      return [];
    }
    if (appToken === undefined || appToken.expiresAt - init.now() < TOKEN_MARGIN_MS) {
      log.at(3, 'refreshing GitHub app token');
      appToken = await counted(
        () => fetchInstallationToken(app, init.now(), signal, init.env),
        init.onAppToken,
      );
    }
    return [{ url: settings.repo, username: '-', password: appToken.token }];
  };

  return {
    async refresh(signal) {
      const parts = [await fromSettings(), await fromAskpass(signal), await fromApp(signal)];
      const fresh = parts.flat();
      fresh.forEach((credential) => hide(secrets, credential));
      known = withoutReplaced(fresh);
    },
    current: () => known,
    authorization(url) {
      const question = questionFor(url);
      const found = question && findCredential(known, question);
      return found && `Basic ${Buffer.from(`${found.username}:${found.password}`).toString('base64')}`;
    },
  };
}
