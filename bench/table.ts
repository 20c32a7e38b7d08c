/** Tables of measurements: printed, and with `--write` put into docs/performance.md, so that no figure there is typed. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import process from 'node:process';

const DOCUMENT = 'docs/performance.md';

export interface Table {
  /** Its place in the document is between `<!-- bench NAME -->` and `<!-- bench end -->`. */
  readonly name: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What else was seen in the run. */
  readonly note?: string;
}

export function render({ head, rows, note }: Omit<Table, 'name'>, machine: string): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const table = [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)];
  return `${table.join('\n')}\n\n${[machine, ...(note === undefined ? [] : [note])].join('. ')}.\n`;
}

/**
 * The document with `text` in the place of that name.
 * @throws Error when the document has no such place
 */
export function replaceBetweenMarkers(document: string, name: string, text: string): string {
  const [start, end] = [`<!-- bench ${name} -->\n`, '<!-- bench end -->'];
  const from = document.indexOf(start);
  const to = document.indexOf(end, from);
  if (from < 0 || to < 0) {
    throw new Error(`${DOCUMENT} has no place for "${name}"`);
  }
  return `${document.slice(0, from + start.length)}\n${text}\n${document.slice(to)}`;
}

/** What a figure depends on besides the program. */
function machineLine(): string {
  const [cpu] = os.cpus();
  const git = execFileSync('git', ['--version'], { encoding: 'utf8' }).trim().replace('git version', 'git');
  const memory = `${Math.round(os.totalmem() / 2 ** 30)} GiB`;
  const load = os.loadavg()[0]?.toFixed(1) ?? '?';
  return `${os.cpus().length} cores of ${cpu?.model ?? 'an unknown processor'}, ${memory}, Linux ${os.release().split('.').slice(0, 2).join('.')}, Node ${process.versions.node}, ${git}, load ${load} at the end`;
}

export function publish({ name, ...table }: Table): void {
  const text = render(table, machineLine());
  console.log(`\n${text}`);
  if (process.argv.includes('--write')) {
    writeFileSync(DOCUMENT, replaceBetweenMarkers(readFileSync(DOCUMENT, 'utf8'), name, text));
  }
}
