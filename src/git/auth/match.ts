/** Which credential answers for which URL: git's own rule, protocol and host and user, never the path. */

export interface KnownCredential {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

export interface CredentialQuestion {
  readonly protocol: string;
  readonly host: string;
  readonly username?: string;
}

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

/** The first credential of the same protocol and host, and of the same user if one is asked for. */
export function findCredential(
  known: readonly KnownCredential[],
  question: CredentialQuestion,
): KnownCredential | undefined {
  return known.find((credential) => {
    const own = questionFor(credential.url);
    return (
      own !== undefined &&
      own.protocol === question.protocol &&
      own.host === question.host &&
      (question.username === undefined || question.username === credential.username)
    );
  });
}
