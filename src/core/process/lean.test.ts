import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants } from 'node:perf_hooks';
import { expect, it } from 'vitest';

/** Without batches, each function is compiled when it has run often enough, and not when others have as well. */
const FLAGS = ['--allow-natives-syntax', '--no-baseline-batch-compilation'];

/** Runs a script with what lean.ts exports, and returns what it printed. */
function run(flags: readonly string[], names: string, body: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'pillion-lean-'));
  const script = join(directory, 'script.cjs');
  const lean = JSON.stringify(join(import.meta.dirname, 'lean.ts'));
  writeFileSync(script, `const { ${names} } = require(${lean});\n${body}`);
  try {
    return execFileSync(process.execPath, [...flags, script], { encoding: 'utf8' }).trim();
  } finally {
    rmSync(directory, { recursive: true });
  }
}

it('a process that waits compiles nothing that runs often, until there is work', () => {
  const tiers = run(
    FLAGS,
    'favourMemory, favourWork',
    `const add = (a, b) => a + b;
    const runOften = () => {
      for (let i = 0, sum = 0; i < 100_000; i += 1) sum = add(sum, i);
      return %ActiveTierIsSparkplug(add);
    };
    favourMemory();
    const before = runOften();
    favourWork();
    console.log([before, runOften()].join());`,
  );
  expect(tiers).toBe('false,true');
});

it('what a start has left behind is collected in the background, and nobody gets a way to collect', () => {
  const seen = run(
    [],
    'collectStart',
    `const observer = new PerformanceObserver((list) => {
      const kinds = list.getEntries().map((entry) => entry.detail.kind);
      if (kinds.includes(${constants.NODE_PERFORMANCE_GC_MAJOR})) {
        console.log('collected', typeof gc, require('node:vm').runInNewContext('typeof gc'));
        clearInterval(alive);
        observer.disconnect();
      }
    });
    observer.observe({ entryTypes: ['gc'] });
    const alive = setInterval(() => {}, 1000);
    collectStart();`,
  );
  expect(seen).toBe('collected undefined undefined');
});
