/** Our patterns in restic's words. */
import { trimEndOf } from '../../../core/trim-end.ts';
import { type BytePath, bytePath } from '../../manifest/entry.ts';
import { cleanPattern } from '../../manifest/exclude.ts';
import { NO_CONTENT } from '../../model.ts';

/**
 * What has a meaning in restic's patterns and none in ours; and `$` begins a variable in a file of patterns. A line end is
 * written as what is no other character.
 */
const escape = (text: BytePath): BytePath =>
  text
    .replaceAll(/[\\[\]]/g, String.raw`\$&`)
    .replaceAll('$', '$$$$')
    .replaceAll('\n', bytePath('[^\u0001-\t\v-\u{10ffff}]'));
const escapeAll = (text: BytePath): BytePath => escape(text).replaceAll(/[*?]/g, String.raw`\$&`);

/** Go's white space, in UTF-8: restic takes it from the end of a line. */
const SPACE_AT_END =
  /(?:[\t\v\f\r ]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80)$/;

/**
 * Lines of a file for `--exclude-file` that leave out what the manifest leaves out (`manifest/exclude.ts`, `mounts.ts`).
 * @param mounts see `BackupRequest.mounts`
 */
export function excludeLines(
  volume: string,
  patterns: readonly string[],
  mounts: readonly BytePath[],
): Buffer {
  const root = volume === '/' ? '' : escapeAll(bytePath(volume));
  const own = [...NO_CONTENT, ...mounts].map((path) => `${root}/${escapeAll(path)}`);
  // The option refuses what is nothing or the whole volume, which restic would leave out.
  const named = patterns.map(cleanPattern).filter((pattern) => trimEndOf(pattern, '/') !== '');
  const given = named.flatMap((pattern) => {
    const escaped = escape(bytePath(pattern));
    return pattern.includes('/') ? variants(`${root}${escaped}`) : [`${root}/**/${escaped}`];
  });
  const lines = [...own, ...given].map((line) => line.replace(SPACE_AT_END, '[$&]'));
  return Buffer.from(`${lines.join('\n')}\n`, 'latin1');
}

/** With more than one `**` restic takes none of them for no part at all: so there is a line for each case. */
function variants(pattern: BytePath): BytePath[] {
  const [first = '', ...rest] = pattern.split('/**/');
  return rest.length < 2
    ? [pattern]
    : rest.reduce(
        (all, part) => all.flatMap((before) => [`${before}/**/${part}`, `${before}/${part}`]),
        [first],
      );
}
