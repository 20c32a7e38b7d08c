/** How pgbouncer loads an auth_file, step by step as its C code goes over the bytes: an oracle for our own writer. */

export interface LoadedUserlist {
  /** The last line of a user counts. */
  readonly users: ReadonlyMap<string, string>;
  /** Users whose entry goes on over a line end. */
  readonly spanning: ReadonlySet<string>;
  /** Whether it gave up on a line, and with it on the rest of the file. */
  readonly isBroken: boolean;
}

const MAX_USERNAME = 128;

export function loadUserlist(content: Buffer, maxPasswordBytes = 2047): LoadedUserlist {
  const whole = content.toString('latin1');
  const end = whole.indexOf('\0');
  const text = end === -1 ? whole : whole.slice(0, end);
  const users = new Map<string, string>();
  const spanning = new Set<string>();
  let p = 0;
  const findQuote = (isStart: boolean): void => {
    for (;;) {
      while (p < text.length && text[p] !== '"') {
        p += 1;
      }
      if (isStart || text[p + 1] !== '"' || p >= text.length) {
        return;
      }
      p += 2;
    }
  };
  const skipLine = (): void => {
    while (p < text.length && text[p] !== '\n') {
      p += 1;
    }
  };
  const plain = (from: number): string =>
    Buffer.from(text.slice(from, p).replaceAll('""', '"'), 'latin1').toString('utf8');
  for (;;) {
    while (/[ \t\n\v\f\r]/.test(text[p] ?? '')) {
      p += 1;
    }
    if (p >= text.length) {
      return { users, spanning, isBroken: false };
    }
    if (text[p] === ';') {
      skipLine();
      continue;
    }
    if (text[p] !== '"') {
      return { users, spanning, isBroken: true };
    }
    p += 1;
    const userAt = p;
    findQuote(false);
    if (p >= text.length || p - userAt >= MAX_USERNAME) {
      return { users, spanning, isBroken: true };
    }
    const user = plain(userAt);
    p += 1;
    findQuote(true);
    if (p >= text.length) {
      return { users, spanning, isBroken: true };
    }
    p += 1;
    const passwordAt = p;
    findQuote(false);
    if (p >= text.length || p - passwordAt > maxPasswordBytes) {
      return { users, spanning, isBroken: true };
    }
    users.set(user, plain(passwordAt));
    if (text.slice(userAt, p).includes('\n')) {
      spanning.add(user);
    }
    p += 1;
    skipLine();
  }
}
