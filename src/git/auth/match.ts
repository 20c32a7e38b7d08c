/**
 * Which credential answers for which URL: git's own rule (gitcredentials(7)), protocol and host and user. The path, which
 * git tells because of credential.useHttpPath, decides among several.
 */

export interface KnownCredential {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Makes a password that is good for one path, with a slash at its start; in place of `password`. */
  readonly sign?: (path: string) => string;
  /** What else of it must not be printed. */
  readonly secrets?: readonly string[];
}

export interface CredentialQuestion {
  readonly protocol: string;
  readonly host: string;
  readonly username?: string;
  /** Without a slash at its start. Absent when any path of the host will do. */
  readonly path?: string;
}

/**
 * `host`: a credential answers for all of its host, as git by itself has it, where none is nearer. `repository`: only below
 * the path of its URL, so that the author of a `.gitmodules` cannot reach other repositories with it.
 */
export type CredentialScope = 'host' | 'repository';

/** Protocol and host of a URL as git's credential protocol writes them; undefined for what is not a URL. */
export function questionFor(url: string): CredentialQuestion | undefined {
  try {
    const parsed = new URL(url);
    const question = { protocol: parsed.protocol.slice(0, -1), host: parsed.host };
    return parsed.username === '' ? question : { ...question, username: decodeURIComponent(parsed.username) };
  } catch {
    return undefined;
  }
}

const trimmed = (path: string) => path.replace(/^\//, '').replace(/(?:\.git)?\/?$/, '');

/** The path of a URL as git writes it in its questions; undefined when it cannot be decoded. */
function decodedPath(url: string): string | undefined {
  try {
    return decodeURIComponent(new URL(url).pathname).replace(/^\//, '');
  } catch {
    return undefined;
  }
}

/** Whether a path is the one of the credential's URL or below it; `/a/b` and `/a/b.git` are the same repository. */
function covers(url: string, path: string): boolean {
  const ownPath = decodedPath(url);
  const own = trimmed(ownPath ?? '');
  const asked = path.replace(/^\//, '');
  const isDotDot = asked.split('/').includes('..');
  return (
    ownPath !== undefined &&
    !isDotDot &&
    (own === '' || trimmed(asked) === own || asked.startsWith(`${own}/`) || asked.startsWith(`${own}.git/`))
  );
}

/** The question that a request to a URL asks. */
export function questionInScope(url: string, scope: CredentialScope): CredentialQuestion | undefined {
  const question = questionFor(url);
  const path = decodedPath(url);
  if (question === undefined || path === undefined) {
    return scope === 'host' ? question : undefined;
  }
  return { ...question, path };
}

/** As with git, where the same user has several passwords for a host and the path does not tell, the last one counts. */
function firstOfHost(known: readonly KnownCredential[]): KnownCredential | undefined {
  const [first] = known.filter(
    ({ username }, index) => known.findLastIndex((other) => other.username === username) === index,
  );
  return first;
}

/**
 * The credential of the same protocol and host, and of the same user if one is asked for. Of several the one whose URL is
 * the longest beginning of what is asked for; in the scope of the host, where there is none, the first.
 */
export function findCredential(
  known: readonly KnownCredential[],
  question: CredentialQuestion,
  scope: CredentialScope,
): KnownCredential | undefined {
  const ofHost = known.filter((credential) => {
    const own = questionFor(credential.url);
    return (
      own !== undefined &&
      own.protocol === question.protocol &&
      own.host === question.host &&
      (question.username === undefined || question.username === credential.username)
    );
  });
  const { path } = question;
  const covering = path === undefined ? [] : ofHost.filter(({ url }) => covers(url, path));
  const lengths = covering.map(({ url }) => trimmed(decodedPath(url) ?? '').length);
  const nearest = covering[lengths.indexOf(Math.max(...lengths))];
  return nearest ?? (scope === 'host' ? firstOfHost(ofHost) : undefined);
}
