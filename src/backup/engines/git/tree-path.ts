/**
 * Where a path of the volume lies in git's tree. Git, and the servers it is pushed to, refuse names that mean something to
 * them (`.git` in any spelling), and would follow what `.gitattributes` says: such parts of a path are written with the
 * first byte as %XX, and so is every `%` and `\` (git's guard against Windows refuses that). All else is as it is on the
 * volume, so that a plain clone can be read.
 */
import type { BytePath } from '../../manifest/entry.ts';

/** Code points that HFS+ ignores in names, as UTF-8 in bytes: U+200C..F, U+202A..E, U+206A..F, U+FEFF. */
const IGNORED_BY_HFS = /\xe2\x80[\x8c-\x8f\xaa-\xae]|\xe2\x81[\xaa-\xaf]|\xef\xbb\xbf/g;
const NEEDS_ESCAPE = /[%\\]/g;

const percent = (character: string) =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

/** `.gitignore` alone does no harm: what git has in its tree it does not ignore. */
function isGits(name: string): boolean {
  const plain = name.replaceAll(IGNORED_BY_HFS, '').toLowerCase();
  return (plain.startsWith('.git') && name !== '.gitignore') || /^(git|gi[0-9a-f]+|gitmod)~\d/.test(plain);
}

function encodeName(name: string): string {
  const escaped = name.replaceAll(NEEDS_ESCAPE, percent);
  return isGits(name) ? percent(name.charAt(0)) + escaped.slice(1) : escaped;
}

export const treePath = (path: BytePath): BytePath => path.split('/').map(encodeName).join('/');
