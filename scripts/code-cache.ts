/**
 * `node scripts/code-cache.ts BUNDLE...`: what V8 compiles of each bundle at its start, in a file next to it, which
 * src/core/process/load-bundle.ts gives back to V8. Needs nothing but Node, and is also run where the image is built: the
 * Node that is shipped has to be the one that compiles.
 *
 * The same bundle gives the same file: a child compiles with V8's randomness and threads turned off. V8 refuses code that
 * was made with other flags than its own, so the hash of flags in the file is that of a process without any.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { Script } from 'node:vm';

const DETERMINISTIC = ['--predictable', '--single-threaded', '--hash-seed=1', '--random-seed=1'];
/** Of SerializedCodeData in V8's src/snapshot/code-serializer.h: magic number, version, source, flags, 4 bytes each. */
const FLAG_HASH = { start: 12, end: 16 };

interface Command {
  readonly run?: (context: Readonly<Record<string, unknown>>) => Promise<unknown>;
}

/** Loads a bundle, has it do the least that a command can do, and writes what was compiled for that to `output`. */
async function compile(bundle: string, output: string): Promise<void> {
  const script = new Script(Module.wrap(readFileSync(bundle, 'utf8')), { filename: bundle });
  const module: { exports: Command } = { exports: {} };
  const run = script.runInThisContext() as (...values: unknown[]) => void;
  run(module.exports, createRequire(bundle), module, bundle, dirname(bundle));
  const quiet = () => undefined;
  const secrets = { add: quiet, redact: (text: string) => text };
  const context = { argv: ['--version'], env: {}, cwd: '/', startedAs: 'pillion', secrets };
  await module.exports.run?.({ ...context, stdout: quiet, stderr: quiet });
  writeFileSync(output, script.createCachedData());
}

function startChild(bundle: string, output: string): Promise<void> {
  const file = import.meta.filename;
  const child = spawn(process.execPath, [...DETERMINISTIC, file, '--compile', bundle, output], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { PATH: process.env['PATH'] },
  });
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) =>
      code === 0 ? done() : fail(new Error(`compiling ${bundle} ended with ${code}`)),
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
  await startChild(bundle, made);
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
  const [first, bundle = '', output = ''] = process.argv.slice(2);
  if (first === '--compile') {
    await compile(bundle, output);
    process.exit(0);
  }
  await Promise.all(process.argv.slice(2).map((path) => makeCodeCache(resolve(path))));
}
