/** What the program's own sources must not call by themselves, because one module does it right for all. */

interface SourceRule {
  readonly pattern: RegExp;
  /** The module that may, and what to use from it. */
  readonly home: string;
  readonly why: string;
}

const RULES: readonly SourceRule[] = [
  {
    pattern: /(?:(?<![.\w])|\bglobalThis\.)(?:setTimeout|setInterval)\s*\(|\bAbortSignal\.timeout\b/,
    home: 'src/core/timer.ts',
    why: 'a raw timer of more than 24.8 days fires at once: use startTimer, startInterval or timeoutSignal of core/timer.ts',
  },
  {
    pattern: /\bPromise\.withResolvers\b/,
    home: 'src/core/deferred.ts',
    why: 'nobody may be waiting yet when it is rejected, which would end the process: use deferred of core/deferred.ts',
  },
  {
    pattern: /\bPromise<[^;=]*>\[\]\s*=\s*\[\]/,
    home: 'src/core/foreign-files/remove-tree.ts',
    why: 'an array that is filled with promises across an await holds rejections that nobody hears: give each its handler, and keep what came of it',
  },
];

const BLOCK_COMMENT = /\/\*[^]*?\*\//g;
const LINE_COMMENT = /(?<=^|\s)\/\/.*$/gm;

const isForTests = (path: string) => /\.test\.ts$|\/(testing|fixtures)\//.test(path);

/** What a source file must not do, one sentence each; what is only there for tests may do all of it. */
export function sourceObjections(path: string, text: string): string[] {
  if (isForTests(path)) {
    return [];
  }
  const code = text.replace(BLOCK_COMMENT, '').replace(LINE_COMMENT, '');
  return RULES.filter((rule) => path !== rule.home && rule.pattern.test(code)).map(({ why }) => why);
}
