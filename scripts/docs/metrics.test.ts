import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import type { MetricDefinitions } from '../../src/core/metrics/definitions.ts';
import { PROCESS_METRICS } from '../../src/core/metrics/process-metrics.ts';
import { documentedCommands } from './commands.ts';

const SOURCES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !/\.test\.ts$|(testing|fixtures)\//.test(name))
  .map((name) => `src/${name}`);

async function tablesIn(path: string): Promise<(MetricDefinitions | undefined)[]> {
  const declared = [...readFileSync(path, 'utf8').matchAll(/^(?:export )?const (\w+) = defineMetrics\(/gm)];
  const specifier = pathToFileURL(path).href;
  const module =
    declared.length === 0 ? {} : ((await import(specifier)) as Record<string, MetricDefinitions>);
  return declared.map(([, name = '']) => module[name]);
}

const tables = (await Promise.all(SOURCES.map(tablesIn))).flat();
const names = tables.flatMap((table) => Object.values(table ?? {}).map(({ name }) => name));

it('every table of metrics is exported, and every name stands in one', () => {
  expect(tables).not.toContain(undefined);
  expect(names).toEqual([...new Set(names)]);
  expect(names.length).toBeGreaterThan(20);
});

it('every metric is in the reference of a command', () => {
  const documented = new Set(
    [...documentedCommands.flatMap(({ metrics }) => metrics), PROCESS_METRICS].flatMap((table) =>
      Object.values(table).map(({ name }) => name),
    ),
  );
  expect(names.filter((name) => !documented.has(name))).toEqual([]);
});

it('only core/metrics speaks to prom-client', () => {
  const foreign = SOURCES.filter((path) => !path.startsWith('src/core/metrics/'));
  expect(foreign.filter((path) => /from 'prom-client/.test(readFileSync(path, 'utf8')))).toEqual([]);
});

it('every metric is counted or read by the command that declares it', () => {
  const unused = SOURCES.flatMap((path) => {
    const [, feature = ''] = path.split('/');
    const all = SOURCES.filter((other) => other.startsWith(`src/${feature}/`))
      .map((other) => readFileSync(other, 'utf8'))
      .join('\n');
    const [, ...tablesOfFile] = readFileSync(path, 'utf8').split('= defineMetrics({\n');
    // The keys of a table stand at its first level of indentation.
    return tablesOfFile
      .flatMap((table) => [...(table.split('\n});')[0] ?? '').matchAll(/^ {2}(\w+): \{$/gm)])
      .map(([, key = '']) => key)
      .filter((key) => all.split(new RegExp(`\\b${key}\\b`)).length < 3)
      .map((key) => `${path}: ${key}`);
  });
  expect(unused).toEqual([]);
});
