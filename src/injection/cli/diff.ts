/** What changes, as a unified diff: made document by document, so that its cost does not grow with the whole stream. */
import { structuredPatch } from 'diff';
import { printable } from '../../core/printable.ts';
import type { Change } from '../offline/rewrite.ts';

const CONTEXT = 3;
const NO_NEWLINE = '\\ No newline at end of file';

/** Lines of the old text that go, and what comes in their place. */
interface Edit {
  /** How many lines stand before it. */
  readonly at: number;
  readonly removed: number;
  /** As a hunk has them, with `-`, `+`, and what is said of a last line without an end. */
  readonly lines: readonly string[];
}

/** Prints nothing for a file in which nothing changes. */
export function printDiff(
  name: string,
  before: string,
  changes: readonly Change[],
  print: (text: string) => void,
): void {
  if (changes.length === 0) {
    return;
  }
  const label = name === '-' ? 'standard-input' : printable(name);
  print(`--- ${label}\n+++ ${label} (injected)\n`);
  const old = before.split('\n');
  const isEnded = old.at(-1) === '';
  if (isEnded) {
    old.pop();
  }
  // The lines around a change are those of the stream: where a document ends, patch(1) would take it for the end of the file.
  const around = (from: number, to: number): string[] =>
    old
      .slice(from, to)
      .flatMap((line, at) =>
        !isEnded && from + at === old.length - 1 ? [` ${line}`, NO_NEWLINE] : [` ${line}`],
      );
  let shift = 0;
  for (const group of groups(changes.flatMap(editsOf))) {
    const [first] = group;
    const last = group.at(-1);
    if (first === undefined || last === undefined) {
      continue;
    }
    const start = Math.max(0, first.at - CONTEXT);
    const end = Math.min(old.length, last.at + last.removed + CONTEXT);
    const lines: string[] = [];
    let done = start;
    for (const { at, removed, lines: changed } of group) {
      lines.push(...around(done, at), ...changed);
      done = at + removed;
    }
    lines.push(...around(done, end));
    const added = lines.filter((line) => line.startsWith('+')).length;
    const removed = group.reduce((sum, edit) => sum + edit.removed, 0);
    const [oldLines, newLines] = [end - start, end - start + added - removed];
    const at = (count: number, preceding: number) => `${count === 0 ? preceding : preceding + 1},${count}`;
    print(`@@ -${at(oldLines, start)} +${at(newLines, start + shift)} @@\n${lines.join('\n')}\n`);
    shift += added - removed;
  }
}

function editsOf({ before, after, line }: Change): Edit[] {
  const { hunks } = structuredPatch('', '', before, after, '', '', { context: 0 });
  return hunks.map(({ oldStart, oldLines, lines }) => ({
    at: line - 1 + oldStart - 1,
    removed: oldLines,
    lines,
  }));
}

/** Edits whose surroundings meet are told together. */
function groups(edits: readonly Edit[]): Edit[][] {
  const all: Edit[][] = [];
  for (const edit of edits) {
    const last = all.at(-1)?.at(-1);
    if (last !== undefined && edit.at - (last.at + last.removed) <= 2 * CONTEXT) {
      all.at(-1)?.push(edit);
    } else {
      all.push([edit]);
    }
  }
  return all;
}
