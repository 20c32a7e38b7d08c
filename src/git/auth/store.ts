/** The credentials that are known now, from all sources. */
import type { Secrets } from '../../core/log/secrets.ts';
import {
  type CredentialQuestion,
  type CredentialScope,
  findCredential,
  type KnownCredential,
  questionInScope,
} from './match.ts';
import type { CredentialSource } from './sources/source.ts';

export interface CredentialStore {
  /** Asks every source; when one fails, what was known stays and the failure is thrown. */
  refresh(signal: AbortSignal): Promise<void>;
  current(): readonly KnownCredential[];
  /** What answers a question of git. */
  find(question: CredentialQuestion): KnownCredential | undefined;
  /** A server has refused what is known: tokens that were kept are asked for again. */
  forget(): void;
  /** The Authorization header for a URL, or undefined. */
  authorization(url: string): string | undefined;
}

/** A later credential replaces an earlier one of the same URL and user. */
function withoutReplaced(fresh: readonly KnownCredential[]): KnownCredential[] {
  const key = ({ url, username }: KnownCredential) => {
    const question = questionInScope(url, 'host');
    return JSON.stringify([question?.protocol, question?.host, question?.path, username]);
  };
  const last = new Map(fresh.map((credential, index) => [key(credential), index]));
  return fresh.filter((credential, index) => last.get(key(credential)) === index);
}

/** Registers every form a secret takes on its way to a server. */
function register(secrets: Secrets, known: KnownCredential, place = ''): void {
  const { url, username, password, secrets: more = [] } = known;
  // Tokens are replaced for ever: what died long ago need not be searched for.
  const slot = JSON.stringify([url, more.length === 0 ? username : '', place]);
  if (password !== '') {
    secrets.addRotating(slot, password);
    secrets.addRotating(`${slot} pair`, `${username}:${password}`);
  }
  more.forEach((secret, index) => secrets.addRotating(`${slot} ${index}`, secret));
}

export function createCredentialStore(
  sources: readonly CredentialSource[],
  secrets: Secrets,
  scope: CredentialScope = 'host',
): CredentialStore {
  let known: readonly KnownCredential[] = [];
  const find = (question: CredentialQuestion): KnownCredential | undefined => {
    const found = findCredential(known, question, scope);
    if (found?.sign === undefined || question.path === undefined) {
      return found;
    }
    const signed = { ...found, password: found.sign(`/${question.path}`) };
    register(secrets, signed, question.path);
    return signed;
  };
  return {
    async refresh(signal) {
      const fresh: KnownCredential[] = [];
      for (const source of sources) {
        const loaded = await source.load(signal);
        loaded.forEach((credential) => register(secrets, credential));
        fresh.push(...loaded);
      }
      known = withoutReplaced(fresh);
    },
    current: () => known,
    find,
    forget: () => sources.forEach((source) => source.forget?.()),
    authorization(url) {
      const question = questionInScope(url, scope);
      const found = question && find(question);
      return found && `Basic ${Buffer.from(`${found.username}:${found.password}`).toString('base64')}`;
    },
  };
}
