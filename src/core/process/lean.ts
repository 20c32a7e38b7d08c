/** Settings of V8 for a process that waits nearly all of its life. */

/** node:v8 is loaded by those that set something: a single sync does not. */
const set = (flags: readonly string[]) =>
  flags.forEach(process.getBuiltinModule('node:v8').setFlagsFromString);

/** What is compiled by the best compilers is not worth their memory; the heap grows in small steps and is collected early. */
const FEW_COMPILERS = ['--no-opt', '--no-maglev', '--optimize-for-size'];

/** The young generation stays as large as it is. */
const NO_GROWTH = '--semi-space-growth-factor=1';

/** Each piece of work leaves garbage behind, and a young generation that may grow to 16 MiB keeps it. */
const SMALL_HEAP = ['--max-semi-space-size=1', NO_GROWTH];

/**
 * From now on this process takes less memory, and computes several times more slowly: only for commands that have next to
 * nothing to compute. What little runs is run by the interpreter: a loop over a token of a kilobyte is enough to bring in the
 * compilers of all three kinds, and the pages of Node's own file that they lie on, 9 MiB in `pillion credentials`. The sooner
 * it is called the more it saves.
 */
export function stayLean(): void {
  set([...FEW_COMPILERS, '--no-sparkplug', ...SMALL_HEAP]);
}

/**
 * The same for commands that wait, and have more to do only at times. V8's cheapest compiler is off, too, until `favourWork`:
 * a poll of git-sync takes the same CPU without it, and after 400 of them over HTTP, with scrapes, there are 1.5 MiB less.
 */
export function favourMemory(): void {
  set([...FEW_COMPILERS, '--no-sparkplug', NO_GROWTH]);
}

/** From now on V8's cheapest compiler works: going through a tree of thousands of files takes half as much again without it. */
export function favourWork(): void {
  set(['--sparkplug']);
}

/**
 * Collects in small steps, while nothing else runs, what a start has left behind. V8 does so once by itself some seconds later,
 * at the latest moment that it can: in the middle of the first change, which then takes 10 ms longer.
 */
export function collectStart(): void {
  const { runInNewContext } = process.getBuiltinModule('node:vm');
  set(['--expose-gc']);
  const collect: unknown = runInNewContext('gc');
  set(['--no-expose-gc']);
  if (typeof collect === 'function') {
    Promise.resolve(collect({ type: 'major', execution: 'async' })).catch(() => undefined);
  }
}

/** As `stayLean`, without computing more slowly, for commands that do work now and then. */
export function keepHeapSmall(): void {
  set(SMALL_HEAP);
}

/**
 * V8's dearest compiler is off: for work that takes seconds and waits for disks and programs in between. It takes up to 10 MiB
 * while it works, and a backup of 100,000 files takes about as long without it.
 */
export function avoidBestCompiler(): void {
  set(['--no-opt']);
}

/**
 * Garbage is collected when the heap has come a tenth of the way to where V8 would do so: for work that goes through
 * 100,000s of things of which none is kept. It saves 40 MiB there, and costs no time that can be measured.
 */
export function collectEarly(): void {
  set(['--incremental-marking-hard-trigger=10']);
}
