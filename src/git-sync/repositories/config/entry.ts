/** One repository's settings: what its entry says, then the command line and the environment, then the top of the file. */
import { join, resolve } from 'node:path';
import { usageError } from '../../../core/errors.ts';
import type { Options } from '../../../core/options/option.ts';
import { firstComplaint } from '../../cli/checks.ts';
import { defaultLinkName } from '../../cli/repo-url.ts';
import type { Given } from '../../cli/result.ts';
import { rootCheck, v4Checks } from '../../cli/v4/checks.ts';
import { type V4Values, v4Options } from '../../cli/v4/options.ts';
import { v4Settings } from '../../cli/v4/settings.ts';
import type { GitSyncSettings } from '../../settings.ts';
import type { Layer } from './layer.ts';
import { NAME_PATTERN } from './tables.ts';

const NAME = new RegExp(NAME_PATTERN);

export interface Entry {
  readonly name: string;
  readonly values: V4Values;
  readonly settings: GitSyncSettings;
  readonly layer: Layer;
}

type Mutable = Record<string, unknown>;

/** What proves who asks comes from one place: another entry's password is not for this one's user. */
const LOGIN = ['username', 'password', 'passwordFile'];
const GITHUB_APP = Object.keys(v4Options).filter((key) => key.startsWith('githubApp'));

/** Inherited values that an entry replaces by giving others. */
function withoutReplaced(values: V4Values, layer: Layer): V4Values {
  const gives = (keys: readonly string[]) => keys.some((key) => layer.keys.has(key));
  const replaced = [
    ...(gives(LOGIN) || gives(GITHUB_APP) ? LOGIN.filter((key) => key !== 'username') : []),
    ...(gives(GITHUB_APP) ? ['username'] : []),
    ...(gives(LOGIN) ? GITHUB_APP : []),
  ];
  const table: Options = v4Options;
  const defaults = replaced.map((key) => [key, table[key]?.default] as const);
  return { ...values, ...Object.fromEntries(defaults) };
}

/** The values of a layer over others; what accumulates is added to them. */
export function laidOver(values: V4Values, layer: Layer, isFixed: (key: string) => boolean): V4Values {
  const table: Options = v4Options;
  const all: Mutable = { ...values };
  for (const key of layer.keys) {
    const { accumulates, append } = table[key]?.type ?? {};
    if (accumulates && append !== undefined) {
      all[key] = append(all[key], layer.values[key]);
    } else if (!isFixed(key)) {
      all[key] = layer.values[key];
    }
  }
  return all as V4Values;
}

function nameOf(layer: Layer, { repo }: V4Values): string {
  if (layer.keys.has('name')) {
    const name = String(layer.values['name']);
    if (NAME.test(name)) {
      return name;
    }
    const hint = 'letters, digits, "-", "_" and ".", at most 63, beginning with a letter or digit';
    throw usageError(`${layer.where('name')}: this cannot be the name of a repository`, hint);
  }
  const leaf = defaultLinkName(repo)
    .replace(/\.git$/, '')
    .replaceAll(/[^\w.-]/g, '-')
    .slice(0, 63);
  if (!NAME.test(leaf) && repo !== '') {
    throw usageError(`${layer.start}: no name follows from this repository`, 'give it a "name"');
  }
  return leaf;
}

/** A complaint speaks of flags; here it is about keys, in their place. */
function complain(complaint: string, layer: Layer, top: Layer, given: Given): never {
  const text = complaint.replace(/^(invalid|required|deprecated) flag: /, '').replaceAll(/--([a-z])/g, '$1');
  const flags = [...complaint.matchAll(/--([a-z][a-z-]*)/g)].map(([, flag = '']) => flag);
  const table: Options = v4Options;
  const isGiven = (flag: string) => [...given.keys].some((key) => table[key]?.flag === flag);
  const inEntry = flags.find((flag) => layer.hasFlag(flag));
  const onCommandLine = flags.find(isGiven);
  const atTop = flags.find((flag) => top.hasFlag(flag));
  if (inEntry === undefined && onCommandLine !== undefined) {
    throw usageError(complaint, 'this was given on the command line or in the environment');
  }
  const elsewhere = atTop === undefined ? layer.start : top.whereFlag(atTop);
  const place = inEntry === undefined ? elsewhere : layer.whereFlag(inEntry);
  throw usageError(`${place}: ${text}`, 'the keys are the names of the flags: see "pillion git-sync --help"');
}

/**
 * Makes the settings of one repository.
 * @throws PillionError `usage` with file, line and column
 */
export function readEntry(layer: Layer, top: Layer, common: V4Values, given: Given): Entry {
  const inherited = withoutReplaced(common, layer);
  const merged = laidOver(inherited, layer, () => false);
  const name = nameOf(layer, merged);
  const keys = new Set([...given.keys, ...top.keys, ...layer.keys]);
  const isForever = !keys.has('maxFailures') && !merged.oneTime;
  const root = resolve(given.cwd, merged.root);
  const values: V4Values = {
    ...merged,
    // A root that is not its own is where the roots of all are.
    root: merged.root === '' || layer.keys.has('root') ? merged.root : join(root, name),
    // The failure of one repository is no reason to end the syncs of the others, unless it is said to be.
    maxFailures: isForever ? -1 : merged.maxFailures,
  };
  const complaint =
    rootCheck(values) ?? firstComplaint(v4Checks, { ...values, root: resolve(given.cwd, values.root) });
  if (complaint !== undefined) {
    complain(complaint, layer, top, given);
  }
  return { name, values, settings: v4Settings(values, keys, given.cwd, {}), layer };
}
