import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** Without batches, each function is compiled when it has run often enough, and not when others have as well. */
const FLAGS = ['--allow-natives-syntax', '--no-baseline-batch-compilation'];

it('a process that waits compiles nothing that runs often, until there is work', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pillion-lean-'));
  const script = join(directory, 'script.cjs');
  writeFileSync(
    script,
    `const { favourMemory, favourWork } = require(${JSON.stringify(join(import.meta.dirname, 'lean.ts'))});
    const add = (a, b) => a + b;
    const runOften = () => {
      for (let i = 0, sum = 0; i < 100_000; i += 1) sum = add(sum, i);
      return %ActiveTierIsSparkplug(add);
    };
    favourMemory();
    const before = runOften();
    favourWork();
    console.log([before, runOften()].join());`,
  );
  try {
    expect(execFileSync(process.execPath, [...FLAGS, script], { encoding: 'utf8' }).trim()).toBe(
      'false,true',
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
