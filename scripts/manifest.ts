import { readFileSync } from 'node:fs';
import { object, parse, pipe, regex, string } from 'valibot';

const schema = object({
  version: string(),
  engines: object({ node: pipe(string(), regex(/^>=\d+\.\d+$/)) }),
});

/** What package.json says of this program: its version, and the oldest Node it runs on ("22.19"). */
export function readManifest(): { readonly version: string; readonly oldestNode: string } {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { version, engines } = parse(schema, JSON.parse(text));
  return { version, oldestNode: engines.node.slice('>='.length) };
}

/** Whether a Node version ("24.21.0") is `oldest` ("22.19") or newer. */
export function isAtLeast(version: string, oldest: string): boolean {
  return version.localeCompare(oldest, 'en', { numeric: true }) >= 0;
}
