/**
 * `node scripts/code-cache.ts BUNDLE...`: what V8 compiles of each bundle at its start, and of git-sync's for a first
 * sync, in a file next to it, which src/core/process/load-bundle.ts gives back to V8. Needs nothing but Node and git, and is
 * also run where the image is built: the Node that is shipped has to be the one that compiles.
 *
 * The same bundle gives the same file. A child compiles with V8's randomness and threads turned off, and without what
 * leaves traces of how often a function has run; a second one reads that and writes it again, since V8 numbers functions in
 * the order in which it meets them, which is that of answers from the disk in a sync. V8 refuses code that was made with
 * other flags than its own, so the hash of flags in the file is that of a process without any.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { Script } from 'node:vm';
import { rehearseSync } from './rehearse-sync.ts';

const NO_CHANCE = '--predictable --single-threaded --hash-seed=1 --random-seed=1';
const NO_TRACE = '--no-opt --no-maglev --no-sparkplug --no-flush-bytecode';
const DETERMINISTIC = `${NO_CHANCE} ${NO_TRACE}`.split(' ');
/** The bundle of git-sync, which next to nothing is left to compile for when a sync begins. */
const SYNCS = 'git-sync.cjs';
/** Of SerializedCodeData in V8's src/snapshot/code-serializer.h: magic number, version, source, flags, 4 bytes each. */
const FLAG_HASH = { start: 12, end: 16 };

interface Command {
  readonly run?: (context: Readonly<Record<string, unknown>>) => Promise<unknown>;
}

/** Loads a bundle, has it do what it does at a start, and writes what was compiled for that to `output`. */
async function compile(bundle: string, output: string): Promise<void> {
  const script = new Script(Module.wrap(readFileSync(bundle, 'utf8')), { filename: bundle });
  const module: { exports: Command } = { exports: {} };
  const run = script.runInThisContext() as (...values: unknown[]) => void;
  run(module.exports, createRequire(bundle), module, bundle, dirname(bundle));
  const quiet = () => undefined;
  const secrets = { add: quiet, redact: (text: string) => text };
  const context = { cwd: '/', startedAs: 'pillion', secrets, stdout: quiet, stderr: console.error };
  await module.exports.run?.({ ...context, argv: ['--version'], env: {} });
  if (basename(bundle) === SYNCS) {
    await rehearseSync(async (argv, env) => module.exports.run?.({ ...context, argv, env }));
  }
  writeFileSync(output, script.createCachedData());
}

/** Writes a cache again as V8 has read it. */
function rewrite(bundle: string, file: string): void {
  const cachedData = readFileSync(file);
  const script = new Script(Module.wrap(readFileSync(bundle, 'utf8')), { filename: bundle, cachedData });
  if (script.cachedDataRejected !== false) {
    throw new Error('V8 does not take what it has just made');
  }
  writeFileSync(file, script.createCachedData());
}

const STEPS: Readonly<Record<string, (bundle: string, file: string) => void | Promise<void>>> = {
  '--compile': compile,
  '--rewrite': rewrite,
};

/** What it says on standard error, a sync's log among it, is told if it fails. */
function runStep(step: string, bundle: string, file: string): Promise<void> {
  const child = spawn(process.execPath, [...DETERMINISTIC, import.meta.filename, step, bundle, file], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'] },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) =>
      code === 0 ? done() : fail(new Error(`${said}${step} of ${bundle} ended with ${code}`)),
    );
  });
}

/** Gives a cache the hash of flags of this process, and tells whether V8 takes it then. */
function adopt(cache: Buffer, bundle: string): boolean {
  const own = new Script('0').createCachedData();
  own.copy(cache, FLAG_HASH.start, FLAG_HASH.start, FLAG_HASH.end);
  const source = Module.wrap(readFileSync(bundle, 'utf8'));
  return new Script(source, { filename: bundle, cachedData: cache }).cachedDataRejected === false;
}

/** The bundle's last line says which cache is its own; there is none while the two are being replaced. */
export async function makeCodeCache(bundle: string): Promise<void> {
  const text = readFileSync(bundle, 'utf8').replace(/\/\/# build=[0-9a-f]{16}\n$/, '');
  const build = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const fresh = `${bundle}.new`;
  writeFileSync(fresh, `${text}//# build=${build}\n`, { mode: 0o644 });
  renameSync(fresh, bundle);
  for (const name of readdirSync(dirname(bundle))) {
    if (name.startsWith(`${basename(bundle)}.`) && name.endsWith('.cache')) {
      rmSync(join(dirname(bundle), name));
    }
  }
  const made = `${bundle}.cache.new`;
  for (const step of Object.keys(STEPS)) {
    await runStep(step, bundle, made);
  }
  const cache = readFileSync(made);
  rmSync(made);
  if (!adopt(cache, bundle)) {
    console.error(`V8 does not take the code cache of ${bundle}: it starts without one`);
    return;
  }
  writeFileSync(made, cache, { mode: 0o644 });
  renameSync(made, `${bundle}.${build}.cache`);
}

if (process.argv[1] === import.meta.filename) {
  const [first = '', bundle = '', file = ''] = process.argv.slice(2);
  const step = STEPS[first];
  if (step !== undefined) {
    await step(bundle, file);
    process.exit(0);
  }
  await Promise.all(process.argv.slice(2).map((path) => makeCodeCache(resolve(path))));
}
