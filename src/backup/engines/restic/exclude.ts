/** Our patterns in restic's words. */
import { trimEndOf } from '../../../core/trim-end.ts';
import { NO_CONTENT } from '../../model.ts';

/** What has a meaning in restic's patterns and none in ours; and `$` begins a variable in a file of patterns. */
const escape = (text: string): string => text.replaceAll(/[\\[\]]/g, String.raw`\$&`).replaceAll('$', '$$$$');
const escapeAll = (text: string): string => escape(text).replaceAll(/[*?]/g, String.raw`\$&`);

/** Lines of a file for `--exclude-file` that leave out what the manifest leaves out (`manifest/exclude.ts`). */
export function excludeLines(volume: string, patterns: readonly string[]): string {
  const root = volume === '/' ? '' : escapeAll(volume);
  const own = NO_CONTENT.map((name) => `${root}/${name}`);
  const given = patterns.map((pattern) => {
    const trimmed = trimEndOf(pattern, '/');
    const clean = escape(trimmed.replace(/^\/+/, ''));
    return trimmed.includes('/') ? `${root}/${clean}` : `${root}/**/${clean}`;
  });
  return `${[...own, ...given].join('\n')}\n`;
}
