/**
 * JSON Patch (RFC 6902) as the API server applies it (evanphx/json-patch with its defaults): a parent must exist, an
 * index may be at most the length, `-` is for adding only. Only what the engine emits is known here: add and remove.
 */
import type { Json, JsonMap } from '../../kubernetes/json.ts';
import { isMap, setMember } from '../../kubernetes/json.ts';

export type PatchOperation =
  | { readonly op: 'add'; readonly path: string; readonly value: Json }
  | { readonly op: 'replace'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string };

/** A patch that cannot be applied: the operation's number, its path, and why. */
export class PatchError extends Error {
  override readonly name = 'PatchError';
}

/** One step of a JSON pointer, escaped: `~` first, then `/`. */
export function escapeStep(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** A JSON pointer to the steps. */
export function pointer(...steps: readonly (string | number)[]): string {
  return steps.map((step) => `/${typeof step === 'number' ? step : escapeStep(step)}`).join('');
}

/** The steps of a JSON pointer. */
export function pointerSteps(path: string): string[] {
  if (path === '') {
    return [];
  }
  if (!path.startsWith('/')) {
    throw new PatchError(`${path}: a path begins with /`);
  }
  return path
    .slice(1)
    .split('/')
    .map((step) => {
      if (!step.includes('~')) {
        return step;
      }
      if (/~(?![01])/.test(step)) {
        throw new PatchError(`${path}: ~ stands only in ~0 and ~1`);
      }
      return step.replaceAll('~1', '/').replaceAll('~0', '~');
    });
}

const INDEX = /^(?:0|[1-9][0-9]{0,8})$/;

function index(step: string, length: number, path: string): number {
  const at = INDEX.test(step) ? Number(step) : Number.NaN;
  if (!(at < length)) {
    throw new PatchError(`${path}: no item ${step} in a list of ${length}`);
  }
  return at;
}

/** Objects and lists that were copied for this patch: each is copied once and then changed in place. */
type Copies = Map<Json, Json[] | Record<string, Json>>;

function copied(value: readonly Json[], copies: Copies): Json[];
function copied(value: JsonMap, copies: Copies): Record<string, Json>;
function copied(value: readonly Json[] | JsonMap, copies: Copies): Json[] | Record<string, Json> {
  const earlier = copies.get(value);
  if (earlier !== undefined) {
    return earlier;
  }
  const copy = isMap(value) ? { ...value } : [...value];
  copies.set(copy, copy);
  return copy;
}

function changeList(list: Json[], step: string, operation: PatchOperation): void {
  const { op, path } = operation;
  const end = op === 'add' && step === '-';
  const at = end ? list.length : index(step, list.length + (op === 'add' ? 1 : 0), path);
  if (op === 'remove') {
    list.splice(at, 1);
  } else {
    list.splice(at, op === 'add' ? 0 : 1, operation.value);
  }
}

function changeMap(map: Record<string, Json>, key: string, operation: PatchOperation): void {
  if (operation.op !== 'add' && !Object.hasOwn(map, key)) {
    throw new PatchError(`${operation.path}: there is nothing to ${operation.op}`);
  }
  if (operation.op === 'remove') {
    delete map[key];
  } else {
    setMember(map, key, operation.value);
  }
}

function change(
  value: Json,
  steps: readonly string[],
  at: number,
  operation: PatchOperation,
  copies: Copies,
): Json {
  const step = steps[at];
  if (step === undefined) {
    throw new PatchError('the whole document cannot be patched');
  }
  const last = at === steps.length - 1;
  if (Array.isArray(value)) {
    const list = copied(value as readonly Json[], copies);
    if (last) {
      changeList(list, step, operation);
    } else {
      const position = index(step, list.length, operation.path);
      list[position] = change(list[position] ?? null, steps, at + 1, operation, copies);
    }
    return list;
  }
  if (!isMap(value)) {
    throw new PatchError(`${operation.path}: no list or object before ${step}`);
  }
  const map = copied(value, copies);
  if (last) {
    changeMap(map, step, operation);
  } else if (Object.hasOwn(map, step)) {
    setMember(map, step, change(map[step] ?? null, steps, at + 1, operation, copies));
  } else {
    throw new PatchError(`${operation.path}: ${step} does not exist`);
  }
  return map;
}

/**
 * Applies a patch to a copy. What no operation reaches is shared with the original, not copied; an operation costs
 * what it changes, not what the document holds.
 * @throws PatchError when an operation does not apply
 */
export function applyPatch(document: Json, operations: readonly PatchOperation[]): Json {
  const copies: Copies = new Map();
  return operations.reduce<Json>(
    (current, operation) => change(current, pointerSteps(operation.path), 0, operation, copies),
    document,
  );
}
