import { readFileSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';

/** Last line of a bundle that has a code cache: the cache's name has the same letters, so the two always belong together. */
const BUILD = /^\/\/# build=([0-9a-f]{16})\s*$/m;

/**
 * Requires a CommonJS bundle, with what V8 has compiled of it at build time (scripts/code-cache.ts): a fifth of a start's
 * CPU, and 3 MiB that compiling would leave behind. V8 refuses the cache of another version of itself; then, and where
 * there is none, the bundle is compiled as usual.
 * @param path absolute
 */
export function loadBundle(path: string): unknown {
  const source = readFileSync(path, 'utf8');
  const build = BUILD.exec(source.slice(-64))?.[1];
  const cachedData = build === undefined ? undefined : readIfExists(cachePath(path, build));
  const require = createRequire(path);
  if (cachedData === undefined) {
    return require(path);
  }
  const script = new Script(Module.wrap(source), { filename: path, cachedData });
  const run = script.runInThisContext() as (...values: unknown[]) => void;
  const module = { exports: {} };
  run(module.exports, require, module, path, dirname(path));
  return module.exports;
}

/** Where the code cache of a bundle is. */
const cachePath = (bundle: string, build: string): string => `${bundle}.${build}.cache`;

function readIfExists(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
