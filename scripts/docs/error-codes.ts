/** The error codes that a command can raise, from the tables in its bundle. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { build, type OutputFile } from 'esbuild';
import type { ErrorRow } from '../../src/core/errors.ts';

export interface ErrorCode {
  readonly code: string;
  /** What the reference says of it: what to try, or what happened. */
  readonly about: string;
}

/** A table that a module exports. */
export interface FoundTable {
  readonly name: string;
  readonly rows: Readonly<Record<string, ErrorRow>>;
}

function rowOf(factory: unknown): ErrorRow | undefined {
  return typeof factory === 'function' && 'row' in factory && 'code' in factory
    ? (factory.row as ErrorRow)
    : undefined;
}

function rowsOf(value: unknown): Record<string, ErrorRow> | undefined {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const rows = entries.map(([code, factory]) => [code, rowOf(factory)] as const);
  const isTable = rows.length > 0 && rows.every(([, row]) => row !== undefined);
  return isTable ? (Object.fromEntries(rows) as Record<string, ErrorRow>) : undefined;
}

/** The tables of errors that a source file declares. Throws when it keeps one to itself: it would not be documented. */
export async function tablesIn(path: string): Promise<FoundTable[]> {
  const declared = [...readFileSync(path, 'utf8').matchAll(/^(?:export )?const (\w+) = defineErrors\(/gm)];
  if (declared.length === 0) {
    return [];
  }
  const specifier = pathToFileURL(path).href;
  const module = (await import(specifier)) as Record<string, unknown>;
  return declared.map(([, name = '']) => {
    const rows = rowsOf(module[name]);
    if (rows === undefined) {
      throw new Error(`${path} does not export its table of errors ${name}`);
    }
    return { name, rows };
  });
}

/**
 * The codes of a table that are raised in a bundle's text: those that are named (`TABLE.code(`), or all of them when the
 * table is used in another way. Asking whether an error matches does not raise it. A bundler may number the name.
 */
export function raisedIn(text: string, { name, rows }: FoundTable): string[] {
  const uses = [...text.matchAll(new RegExp(`\\b${name}\\d*(?:\\.(\\w+)(?:\\.(\\w+))?|\\b(?! = ))`, 'g'))];
  const asked = new Set(['matches', 'code']);
  const raised = uses.filter(([, code, member]) => code === undefined || !asked.has(member ?? ''));
  const wholesale = raised.some(([, code]) => code === undefined);
  const named = new Set(raised.map(([, code]) => code));
  return Object.keys(rows).filter((code) => wholesale || named.has(code));
}

interface Bundle {
  readonly text: string;
  readonly inputs: readonly string[];
}

/** A command as it is bundled, in chunks and without what nothing in it uses. */
async function bundleOf(entryPoint: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entryPoint],
    bundle: true,
    splitting: true,
    treeShaking: true,
    platform: 'node',
    format: 'esm',
    outdir: 'dist',
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  const inputs = Object.values(metafile.outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  return { text: outputFiles.map((file: OutputFile) => withoutImports(file.text)).join('\n'), inputs };
}

/** What passes between modules is no use of it. */
export function withoutImports(text: string): string {
  return text.replaceAll(/^(?:import|export)(?: type)? \{[^}]*\}.*$/gm, '');
}

/**
 * Every code that a command can log or end with, by name. `entryPoint` is its `command.ts`. Nobody sees those
 * of `never`: the command puts codes of its own in their place, or has no use for what raises them.
 */
export async function errorCodes(entryPoint: string, never: object = {}): Promise<ErrorCode[]> {
  const { text, inputs } = await bundleOf(entryPoint);
  const sources = [...new Set(inputs)].filter((path) => path.startsWith('src/'));
  const tables = (await Promise.all(sources.map(tablesIn))).flat();
  const tabled = tables.flatMap((table) =>
    raisedIn(text, table).map((code) => ({ code, row: table.rows[code] })),
  );
  const shown = tabled.filter(({ code, row }) => row?.internal !== true && !(code in never));
  const rows = shown.map(({ code, row }) => ({ code, about: aboutOf(row) }));
  const unique = new Map(rows.map((row) => [row.code, row]));
  return [...unique.values()].toSorted((a, b) => a.code.localeCompare(b.code, 'en'));
}

function aboutOf(row: ErrorRow | undefined): string {
  const hint = typeof row?.hint === 'string' ? row.hint : '';
  return row?.about ?? hint;
}
