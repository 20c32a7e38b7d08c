/** Header fields of answers that decide what is asked next. The text is the server's: every scan is linear. */

/** No honest field is longer. */
const LONGEST = 8 * 1024;

/** Leaves out what stands in double quotes, where commas and words mean nothing; an open quote ends with the text. */
function withoutQuoted(text: string): string {
  let kept = '';
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted && character === '\\') {
      at += 1;
    } else if (character === '"') {
      kept += quoted ? '' : text.slice(start, at);
      quoted = !quoted;
      start = at + 1;
    }
  }
  return quoted ? kept : kept + text.slice(start);
}

/**
 * The authentication schemes that a WWW-Authenticate field offers (RFC 9110, section 11.6.1), in lower case. Several
 * fields may be joined with commas, as node:http does.
 */
export function offeredSchemes(field: string | undefined): ReadonlySet<string> {
  const schemes = new Set<string>();
  for (const item of withoutQuoted((field ?? '').slice(0, LONGEST)).split(',')) {
    const [word = ''] = item.trim().split(' ', 1);
    if (word !== '' && !word.includes('=')) {
      schemes.add(word.toLowerCase());
    }
  }
  return schemes;
}

/**
 * The wait that a Retry-After field asks for (RFC 9110, section 10.2.3: seconds or a date), in milliseconds from `now`
 * (since the epoch). Undefined for none or one that cannot be read.
 */
export function retryAfterMs(field: string | undefined, now: number): number | undefined {
  const text = (field ?? '').slice(0, 64).trim();
  if (/^\d{1,10}$/.test(text)) {
    return Number(text) * 1000;
  }
  // A date has letters; Date.parse would take plain numbers for years.
  const date = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
