/** What changes, as a unified diff: made document by document, so that its cost does not grow with the whole stream. */
import { structuredPatch } from 'diff';
import type { Change } from '../offline/rewrite.ts';

/** Prints nothing for a file in which nothing changes. */
export function printDiff(name: string, changes: readonly Change[], print: (text: string) => void): void {
  if (changes.length === 0) {
    return;
  }
  const label = name === '-' ? 'standard-input' : name;
  print(`--- ${label}\n+++ ${label} (injected)\n`);
  let shift = 0;
  for (const { before, after, line } of changes) {
    const { hunks } = structuredPatch('', '', before, after, '', '', { context: 3 });
    for (const { oldStart, oldLines, newStart, newLines, lines } of hunks) {
      const from = `${oldStart + line - 1},${oldLines}`;
      const to = `${newStart + line - 1 + shift},${newLines}`;
      print(`@@ -${from} +${to} @@\n${lines.join('\n')}\n`);
    }
    shift += hunks.reduce((sum, { oldLines, newLines }) => sum + newLines - oldLines, 0);
  }
}
