/** One stream of manifests -> the same with everything put in (or taken out) that its workloads ask for. */
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { type Json, sameJson } from '../../kubernetes/json.ts';
import { ASK, RECORD } from '../annotations.ts';
import { decide } from '../engine/decide.ts';
import { type Decision, type InjectionSettings, isRefusal } from '../engine/decision.ts';
import { applyPatch, type PatchOperation, pointer, pointerSteps } from '../engine/json-patch.ts';
import { uninject } from '../engine/uninject.ts';
import { sentence, yamlProblem } from '../text.ts';
import { hasAliases, withAliases } from './aliases.ts';
import { blockLines } from './block-style.ts';
import { type DocumentText, splitDocuments } from './documents.ts';
import { column, rangeOf, textOf } from './layout.ts';
import { nodeValue, overlayOf } from './overlay.ts';
import { applySplices, isNotInPlace, NotInPlace, splicesOf } from './splice.ts';
import { type Workload, workloadsOf } from './workloads.ts';
import { AS_KUBECTL_READS, roundedNumbers } from './yaml-reading.ts';

export type Mode = 'inject' | 'uninject';

/** Something to tell about a place in a file. */
export interface Finding {
  readonly level: 'error' | 'warning';
  /** Line of the stream, from 1. */
  readonly line: number;
  readonly message: string;
}

/** What became of one workload, for `explain`. */
export interface Explained {
  readonly workload: Workload;
  readonly line: number;
  readonly decision: Decision;
}

/** A document that is not as it was. */
export interface Change {
  readonly before: string;
  readonly after: string;
  /** The line of the stream on which the document begins. */
  readonly line: number;
}

/** What changes in one workload, as a patch of the document that it is in. */
export interface WorkloadPatch {
  readonly workload: Workload;
  readonly operations: readonly PatchOperation[];
}

/** The patches of one document, for machines. */
export interface DocumentPatches {
  /** The line of the stream on which it begins, from 1. */
  readonly line: number;
  readonly patches: readonly WorkloadPatch[];
}

export interface Rewritten {
  readonly text: string;
  readonly changes: readonly Change[];
  /** Of the documents in which something changes. */
  readonly patched: readonly DocumentPatches[];
  readonly findings: readonly Finding[];
  readonly explained: readonly Explained[];
}

export interface RewriteOptions {
  readonly settings: InjectionSettings;
  readonly version: string;
  readonly mode: Mode;
  /** Tell what becomes of every workload, also of those that ask for nothing. */
  readonly explain?: boolean;
  /** Read every document, also those that ask for nothing: an error in one is not passed on. */
  readonly readAll?: boolean;
}

/** Rewrites a stream, document by document; what does not ask is not even parsed. */
export function rewrite(stream: string, options: RewriteOptions): Rewritten {
  const documents = splitDocuments(stream);
  const parts = documents.map(
    (document): RewrittenDocument =>
      options.explain === true || options.readAll === true || mayConcern(document.text, options.mode)
        ? rewriteDocument(document, options)
        : { text: document.text, findings: [], explained: [], patches: [] },
  );
  return {
    text: parts.map(({ text }) => text).join(''),
    changes: documents.flatMap(({ text, line }, at) => {
      const after = parts[at]?.text ?? text;
      return after === text ? [] : [{ before: text, after, line }];
    }),
    patched: documents.flatMap(({ line }, at) => {
      const patches = parts[at]?.patches ?? [];
      return patches.length === 0 ? [] : [{ line, patches }];
    }),
    findings: parts.flatMap(({ findings }) => findings),
    explained: parts.flatMap(({ explained }) => explained),
  };
}

/** A key in double quotes could be written with escapes; some writers of JSON do so with every slash. */
const ESCAPE = /\\[xuU/\r\n]/;

function mayConcern(text: string, mode: Mode): boolean {
  return text.includes(mode === 'inject' ? ASK : RECORD) || (text.includes('"') && ESCAPE.test(text));
}

type RewrittenDocument = Omit<Rewritten, 'changes' | 'patched'> & Pick<DocumentPatches, 'patches'>;

interface Parsed {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly value: Json;
}

function parse(
  text: string,
): Parsed | { readonly at: number; readonly message: string; readonly lines: LineCounter } {
  const lines = new LineCounter();
  const document = parseDocument(text, { ...AS_KUBECTL_READS, lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) {
    return { at: error.pos[0], message: yamlProblem(error), lines };
  }
  try {
    return { document, lines, value: roundedNumbers(nodeValue(document.contents, document)) as Json };
  } catch (failure) {
    return { at: 0, message: yamlProblem(failure), lines };
  }
}

function rewriteDocument(source: DocumentText, options: RewriteOptions): RewrittenDocument {
  const parsed = parse(source.text);
  if ('message' in parsed) {
    const line = source.line + parsed.lines.linePos(parsed.at).line - 1;
    return {
      text: source.text,
      findings: [{ level: 'error', line, message: `not readable as YAML: ${sentence(parsed.message)}` }],
      explained: [],
      patches: [],
    };
  }
  return options.mode === 'inject' ? injectInto(source, parsed, options) : takeOutOf(source, parsed);
}

const isOutdated = ({ reason }: Decision) =>
  reason === 'injected-by-another-version' || reason === 'mixed-versions';

function injectInto(source: DocumentText, parsed: Parsed, options: RewriteOptions): RewrittenDocument {
  const explained = workloadsOf(parsed.value).map((workload) => {
    const request = { pod: workload.pod, namespace: workload.namespace };
    const decision = decide(request, options.settings, options.version);
    return { workload, line: lineOf(source, parsed, workload, decision.message), decision };
  });
  if (explained.some(({ decision }) => isOutdated(decision)) && options.explain !== true) {
    const bare = takeOutOf(source, parsed);
    if (bare.findings.length > 0) {
      return bare;
    }
    const again = rewriteDocument({ ...source, text: bare.text }, options);
    return { ...again, patches: inSequence(bare.patches, again.patches) };
  }
  const findings = explained.flatMap(({ workload, line, decision }) => findingsOf(workload, line, decision));
  const patches = explained.flatMap(({ workload, decision }) => below(workload, decision.patch));
  return { text: edited(source.text, parsed, patches), findings, explained, patches };
}

/** First what is taken out, then what is put in; workloads of one document have nothing in common. */
function inSequence(first: readonly WorkloadPatch[], second: readonly WorkloadPatch[]): WorkloadPatch[] {
  const key = ({ workload }: WorkloadPatch) => pointer(...workload.path);
  const all = new Map<string, WorkloadPatch>();
  for (const each of [...first, ...second]) {
    const known = all.get(key(each))?.operations ?? [];
    all.set(key(each), { workload: each.workload, operations: [...known, ...each.operations] });
  }
  return [...all.values()];
}

function findingsOf(workload: Workload, line: number, decision: Decision): Finding[] {
  const who = `${workload.kind} ${workload.name}`;
  const warnings = decision.warnings.map(
    (message) => ({ level: 'warning', line, message: `${who}: ${message}` }) as const,
  );
  return decision.outcome === 'refused'
    ? [{ level: 'error', line, message: `${who}: ${decision.message} (${decision.reason})` }]
    : warnings;
}

function takeOutOf(source: DocumentText, parsed: Parsed): RewrittenDocument {
  const findings: Finding[] = [];
  const patches = workloadsOf(parsed.value).flatMap((workload) => {
    const result = uninject(workload.pod);
    if (isRefusal(result)) {
      const line = lineOf(source, parsed, workload, RECORD);
      findings.push({
        level: 'error',
        line,
        message: `${workload.kind} ${workload.name}: ${result.message}`,
      });
      return [];
    }
    return below(workload, result?.patch ?? []);
  });
  return { text: edited(source.text, parsed, patches), findings, explained: [], patches };
}

/** The patch of a pod as one of the document; none where nothing changes. */
function below(workload: Workload, patch: readonly PatchOperation[]): WorkloadPatch[] {
  const prefix = pointer(...workload.path);
  const operations = patch.map((operation) => ({ ...operation, path: prefix + operation.path }));
  return operations.length === 0 ? [] : [{ workload, operations }];
}

function edited(text: string, parsed: Parsed, patches: readonly WorkloadPatch[]): string {
  const operations = patches.flatMap((each) => each.operations);
  if (operations.length === 0) {
    return text;
  }
  try {
    return editedInPlace(text, parsed, operations);
  } catch (error) {
    if (!isNotInPlace(error)) {
      throw error;
    }
    // A style that nobody can edit in place (a list that begins on the line of another): rewritten as a whole.
    const { newline } = textOf(text);
    const start = /^---[^\n]*\n/.exec(text)?.[0] ?? '';
    const value = nodeValue(parsed.document.contents, parsed.document);
    return start + blockLines(applyPatch(value, operations), 0).join(newline) + newline;
  }
}

function editedInPlace(
  text: string,
  { document, value }: Parsed,
  operations: readonly PatchOperation[],
): string {
  const layout = textOf(text);
  const overlay = overlayOf(document, operations);
  const listIndent = listIndentOf(document, text, operations);
  if (!hasAliases(document)) {
    return applySplices(text, splicesOf(overlay, layout, listIndent));
  }
  const after = applySplices(text, splicesOf(withAliases(overlay, document), layout, listIndent));
  // An anchor that was written over is missed by whoever names it.
  const again = parse(after);
  if ('message' in again || !sameJson(again.value, applyPatch(value, operations))) {
    throw new NotInPlace();
  }
  return after;
}

/** How far the list of containers is indented below its key: people do it in two ways. */
function listIndentOf(document: Document, text: string, operations: readonly PatchOperation[]): number {
  const steps = pointerSteps(operations.find(({ path }) => path.includes('/spec/'))?.path ?? '');
  const spec: unknown = document.getIn(steps.slice(0, steps.lastIndexOf('spec') + 1).map(step), true);
  const pair = isMap(spec)
    ? spec.items.find((each) => isScalar(each.key) && each.key.value === 'containers')
    : undefined;
  const [key, list] = [rangeOf(pair?.key)?.[0], rangeOf(pair?.value)?.[0]];
  const layout = textOf(text);
  return key !== undefined && list !== undefined && column(layout, list) > column(layout, key) ? 2 : 0;
}

const step = (text: string): string | number => (/^[0-9]+$/.test(text) ? Number(text) : text);

/** The line of the annotation that a message speaks of, or else of the one that asks, or of the workload. */
function lineOf(source: DocumentText, parsed: Parsed, { path }: Workload, message: string): number {
  const annotations: unknown = parsed.document.getIn([...path, 'metadata', 'annotations'], true);
  const pairs = isMap(annotations) ? annotations.items : [];
  const keys = pairs.map(({ key }) => ({
    text: isScalar(key) ? String(key.value) : '',
    at: rangeOf(key)?.[0],
  }));
  const named =
    keys.find(({ text }) => text !== ASK && text !== '' && message.includes(text)) ??
    keys.find(({ text }) => text === ASK);
  const node: unknown = path.length === 0 ? parsed.document.contents : parsed.document.getIn(path, true);
  const at = named?.at ?? rangeOf(node)?.[0] ?? 0;
  return source.line + parsed.lines.linePos(at).line - 1;
}
