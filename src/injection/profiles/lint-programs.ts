/** No value reaches a shell: what a profile may start with the values of annotations. */
import type { ProfileProblem } from './compile.ts';
import { type LeafPart, leafParameters } from './leaf.ts';
import { field, type Template } from './template.ts';

/** Programs that take a program text as an argument, and the options that announce it. */
const INTERPRETERS =
  /^(?:sh|bash|dash|ash|zsh|m?ksh|fish|busybox|pwsh|python[0-9.]*|perl|ruby|node|nodejs|deno|bun|php|[gmn]?awk|lua|tclsh|su)$/;
const TEXT_FOLLOWS = /^-[A-Za-z]*[cepr]$|^--(?:command|eval|print)$/;

type Word = readonly LeafPart[];

function isInterpreter(word: string): boolean {
  return !word.startsWith('-') && INTERPRETERS.test(word.split('/').at(-1) ?? '');
}

function words(template: Template, ...keys: readonly string[]): Word[] {
  return keys.flatMap((key) => {
    const list = field(template, key);
    const items = list?.kind === 'list' ? list.items : [];
    return items.flatMap(({ value }) => (value.kind === 'leaf' ? [value.parts] : []));
  });
}

/** Everything that a container starts: itself, and what its probes and hooks run in it. */
export function lintPrograms(container: Template, path: ProfileProblem['path']): ProfileProblem[] {
  const [first] = words(container, 'command');
  return [
    ...lintProgram(words(container, 'command', 'args'), first, path),
    ...actionsIn(container, path).flatMap(({ template, at }) => {
      const all = words(template, 'command');
      return lintProgram(all, all[0], at);
    }),
  ];
}

interface Action {
  readonly template: Template;
  readonly at: ProfileProblem['path'];
}

/** Whatever is run in a running container, wherever in it that is declared. */
function actionsIn(template: Template, path: ProfileProblem['path']): Action[] {
  if (template.kind !== 'object') {
    return [];
  }
  const own = template.schema === 'ExecAction' ? [{ template, at: [...path, 'command'] }] : [];
  return [...own, ...template.fields.flatMap(({ key, value }) => actionsIn(value, [...path, key]))];
}

function lintProgram(
  all: readonly Word[],
  first: Word | undefined,
  path: ProfileProblem['path'],
): ProfileProblem[] {
  return first !== undefined && hasValue(first)
    ? [{ path, message: 'the program must be fixed: an annotation may not choose what runs' }]
    : lintShell(all, path);
}

/**
 * A value may be an argument of a shell's script, never its text, and never an option of the shell: behind an
 * interpreter only the words that follow the text announced by -c (or else the script's name) are free.
 */
function lintShell(all: readonly Word[], path: ProfileProblem['path']): ProfileProblem[] {
  const start = all.findIndex((word) => isInterpreter(literalOf(word)));
  const behind = start === -1 ? [] : all.slice(start + 1);
  const announced = behind.findLastIndex((word) => TEXT_FOLLOWS.test(literalOf(word)));
  const script = behind.findIndex(isScript);
  const fixed = announced === -1 ? script : announced + 1;
  const wrong = behind.findIndex(hasValue);
  return wrong !== -1 && (fixed === -1 || wrong <= fixed)
    ? [{ path, message: 'a parameter may not be part of a program text: pass it behind it, as an argument' }]
    : [];
}

function isScript(word: Word): boolean {
  const literal = literalOf(word);
  return !hasValue(word) && !literal.startsWith('-') && !isInterpreter(literal);
}

function literalOf(word: Word): string {
  return word.map((part) => (typeof part === 'string' ? part : '')).join('');
}

function hasValue(word: Word): boolean {
  return leafParameters(word).some((name) => name !== 'instance' && name !== 'image');
}
