/** `pillion inject`: manifests in, manifests out. */
import { parseAllDocuments } from 'yaml';
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import type { Values } from '../../core/options/option.ts';
import { printable } from '../../core/printable.ts';
import { version } from '../../core/version.ts';
import { type Finding, type Rewritten, rewrite } from '../offline/rewrite.ts';
import { AS_KUBECTL_READS, jsonOf } from '../offline/yaml-reading.ts';
import type { INJECT_OPTIONS } from '../options.ts';
import { type Input, placeOf, readManifests, settingsOf } from './input.ts';

interface Result {
  readonly input: Input;
  readonly rewritten: Rewritten;
}

/** Prints everything or, when something is wrong, nothing but what it is. */
export async function injectManifests(
  context: CommandContext,
  values: Values<typeof INJECT_OPTIONS>,
): Promise<ExitStatus> {
  const settings = await settingsOf(context.cwd, values);
  const inputs = await readManifests(context.cwd, values.filename);
  const mode = values.uninject ? 'uninject' : 'inject';
  // Text is handed on as it is; what becomes JSON must be readable.
  const readAll = values.output === 'json' && !values.diff;
  const results = inputs.map((input) => ({
    input,
    rewritten: rewrite(input.text, { settings, version, mode, readAll }),
  }));
  const findings = results.flatMap(({ input, rewritten }) =>
    rewritten.findings.map((finding) => ({ ...finding, file: input.name })),
  );
  findings.forEach((finding) => context.stderr(`${written(finding)}\n`));
  if (findings.some(({ level }) => level === 'error')) {
    return 1;
  }
  if (values.diff && values.output === 'json') {
    context.stdout(`${jsonOf(results.flatMap(patchesOf), 2)}\n`);
  } else if (values.diff) {
    const { printDiff } = await import('./diff.ts');
    results.forEach(({ input, rewritten }) =>
      printDiff(input.name, input.text, rewritten.changes, context.stdout),
    );
  } else if (values.output === 'json') {
    context.stdout(asJson(results));
  } else {
    context.stdout(joined(results));
  }
  return 0;
}

export function written({ file, line, level, message }: Finding & { readonly file: string }): string {
  return printable(`${placeOf(file)}:${line}: ${level === 'warning' ? 'warning: ' : ''}${message}`);
}

/** It may stand at the start of a stream, and nowhere else. */
const BYTE_ORDER_MARK = /^\ufeff/;

/** The texts as they are, with a boundary where one file follows another. */
function joined(results: readonly Result[]): string {
  return results
    .map(({ rewritten: { text: whole } }, at) => {
      const text = at === 0 ? whole : whole.replace(BYTE_ORDER_MARK, '');
      const ended = text === '' || text.endsWith('\n') || at === results.length - 1 ? text : `${text}\n`;
      if (at === 0 || /^---(?:\s|$)/.test(ended)) {
        return ended;
      }
      // Directives stand behind the end of a document, everything else behind the start of one.
      return ended.startsWith('%') ? `...\n${ended}` : `---\n${ended}`;
    })
    .join('');
}

/** What changes, for machines: one record for each workload; the patch is one of the document that it stands in. */
function patchesOf({ input, rewritten }: Result): object[] {
  return rewritten.patched.flatMap(({ line, patches }) =>
    patches.map(({ workload: { kind, namespace, name }, operations }) => ({
      file: placeOf(input.name),
      line,
      kind,
      ...(namespace !== '' && { namespace }),
      name,
      patch: operations,
    })),
  );
}

function asJson(results: readonly Result[]): string {
  const documents = results.flatMap(({ rewritten }) => parseAllDocuments(rewritten.text, AS_KUBECTL_READS));
  const values = documents.map((document) => document.toJS() as unknown).filter((value) => value !== null);
  const whole = values.length === 1 ? values[0] : { apiVersion: 'v1', kind: 'List', items: values };
  return `${jsonOf(whole, 2)}\n`;
}
