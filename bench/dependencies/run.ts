/**
 * What each package costs a process that loads it, for docs/dependencies.md: processor time from start to exit and anonymous
 * memory, on top of an empty program, as one minified CommonJS bundle. The least of many runs, so that other work on the
 * machine counts little.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const RUNS = 25;

/** What a program that uses the package loads of it. */
const PROGRAMS: Readonly<Record<string, string>> = {
  nothing: '',
  'prom-client, by file, one scrape': `
    import Registry from 'prom-client/lib/registry.js';
    import Counter from 'prom-client/lib/counter.js';
    import Gauge from 'prom-client/lib/gauge.js';
    import Histogram from 'prom-client/lib/histogram.js';
    const registry = new Registry();
    for (const Metric of [Counter, Gauge, Histogram]) {
      new Metric({ name: Metric.name, help: 'h', registers: [registry] });
    }
    registry.metrics();`,
  'prom-client, its index': `import { register } from 'prom-client'; register.metrics();`,
  yaml: `import { parseDocument } from 'yaml'; parseDocument('a: 1');`,
  valibot: `import { object, parse, string } from 'valibot'; parse(object({ a: string() }), { a: '' });`,
  '@aws-sdk/credential-providers': `
    import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
    fromNodeProviderChain();`,
  pg: `import pg from 'pg'; new pg.Client();`,
  leven: `import leven from 'leven'; leven('a', 'b');`,
  diff: `import { createTwoFilesPatch } from 'diff'; createTwoFilesPatch('a', 'b', 'a', 'b');`,
  re2js: `import { RE2JS } from 're2js'; RE2JS.compile('a');`,
};

/** Processor time in µs and anonymous memory in KiB once the program is done, as its last words. */
const REPORT = `
  ;process.on('exit', () => {
    const text = require('node:fs').readFileSync('/proc/self/smaps_rollup', 'utf8');
    const { user, system } = process.cpuUsage();
    process.stdout.write((user + system) + ' ' + /^Anonymous:\\s+(\\d+)/m.exec(text)[1]);
  });`;

interface Cost {
  ms: number;
  kib: number;
}

function measure(file: string): Cost {
  const { stdout, status, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  if (status !== 0) {
    throw new Error(stderr);
  }
  const [us = Number.NaN, kib = Number.NaN] = stdout.split(' ').map(Number);
  return { ms: us / 1000, kib };
}

const directory = mkdtempSync(join(tmpdir(), 'pillion-dependencies-'));
try {
  const files = new Map<string, string>();
  for (const [name, program] of Object.entries(PROGRAMS)) {
    const file = join(directory, `${files.size}.cjs`);
    await build({
      stdin: { contents: program, resolveDir: resolve('.'), loader: 'js' },
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'cjs',
      outfile: file,
      banner: { js: REPORT },
      external: ['pg-native'],
      logLevel: 'error',
    });
    files.set(name, file);
  }
  const least = new Map<string, Cost>();
  for (let run = 0; run < RUNS; run += 1) {
    for (const [name, file] of files) {
      const { ms, kib } = measure(file);
      const before = least.get(name) ?? { ms: Infinity, kib: Infinity };
      least.set(name, { ms: Math.min(before.ms, ms), kib: Math.min(before.kib, kib) });
    }
  }
  const empty = least.get('nothing') ?? { ms: 0, kib: 0 };
  console.log(
    `Node ${process.versions.node}: ${empty.ms.toFixed(0)} ms, ${(empty.kib / 1024).toFixed(1)} MiB`,
  );
  for (const [name, { ms, kib }] of least) {
    const size = statSync(files.get(name) ?? '').size;
    const more = `${(ms - empty.ms).toFixed(1)} ms, ${((kib - empty.kib) / 1024).toFixed(1)} MiB`;
    console.log(`${name.padEnd(34)} ${more.padEnd(22)} bundle of ${(size / 1024).toFixed(0)} KiB`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
