import { randomBytes } from 'node:crypto';

export interface Canary {
  /** What the secret is for, as in "password". */
  readonly name: string;
  /** Unique in each run, with characters that URL and shell quoting change, long enough for no chance hit. */
  readonly value: string;
}

export interface Leak {
  readonly canary: string;
  /** How the secret was written: raw, url, form, base64, hex, json. */
  readonly form: string;
  /** Name of the text it was found in. */
  readonly where: string;
  /** The text around it, so that the failing test shows the place. */
  readonly excerpt: string;
}

const EXCERPT = 60;

/** A secret that is used like a real one and must be found nowhere. */
export function makeCanary(name: string): Canary {
  return { name, value: `canary-${name}-${randomBytes(9).toString('hex')}-é&%+/"x` };
}

/** The same with letters, digits and dashes only, for places with a narrow alphabet: user names, header tokens. */
export function makePlainCanary(name: string): Canary {
  return { name, value: `canary-${name}-${randomBytes(12).toString('hex')}` };
}

/**
 * Base64 of the secret as part of something longer, as in `user:secret`: depending on where it starts there are three
 * spellings. Characters that also depend on the neighbours are cut off.
 */
function base64Spellings(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].map((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replaceAll('=', '');
    const foreignAtStart = [0, 2, 3][offset] ?? 0;
    const foreignAtEnd = (offset + bytes.length) % 3 === 0 ? 0 : 1;
    return whole.slice(foreignAtStart, whole.length - foreignAtEnd);
  });
}

/** Every spelling of a secret that a careless program prints, by name of the form. */
function spellingsOf(value: string): ReadonlyMap<string, readonly string[]> {
  const url = encodeURIComponent(value);
  const form = new URLSearchParams({ v: value }).toString().slice(2);
  const base64 = base64Spellings(value);
  const base64url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return new Map([
    ['raw', [value]],
    ['url', [url, url.replaceAll(/%../g, (code) => code.toLowerCase()), encodeURI(value)]],
    ['form', [form]],
    ['base64', [...base64, ...base64url]],
    ['hex', [Buffer.from(value).toString('hex')]],
    ['json', [JSON.stringify(value).slice(1, -1)]],
  ]);
}

/** Searches all texts for all spellings of all canaries; an empty list means that nothing leaked. */
export function findLeaks(canaries: readonly Canary[], texts: Readonly<Record<string, string>>): Leak[] {
  const leaks: Leak[] = [];
  for (const canary of canaries) {
    for (const [form, spellings] of spellingsOf(canary.value)) {
      for (const [where, text] of Object.entries(texts)) {
        const at = Math.max(...spellings.map((spelling) => text.indexOf(spelling)));
        if (at >= 0) {
          const excerpt = text.slice(Math.max(0, at - EXCERPT), at + EXCERPT);
          leaks.push({ canary: canary.name, form, where, excerpt });
        }
      }
    }
  }
  return leaks;
}

/** Throws with every place where a canary was found. */
export function expectNoLeaks(canaries: readonly Canary[], texts: Readonly<Record<string, string>>): void {
  const leaks = findLeaks(canaries, texts);
  if (leaks.length > 0) {
    const lines = leaks.map(
      (leak) => `${leak.canary} (${leak.form}) in ${leak.where}: ...${leak.excerpt}...`,
    );
    throw new Error(`secrets leaked:\n${lines.join('\n')}`);
  }
}
