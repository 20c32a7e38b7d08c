/**
 * Options that say which setting they fill. The type of the settings and the reading of them follow from the rows, so that
 * a new setting is its row and the code that uses it.
 */
import type { Option, Options, Values } from '../../core/options/option.ts';

/** An option whose value, once converted, is the setting `setting`, or the part `b` of the group `a` for `a.b`. */
export interface SettingOption<N extends string, T, S> extends Option<T> {
  readonly setting: N;
  /** The group is left out of the settings while this part of it is empty. */
  readonly opensGroup?: boolean;
  /** Undefined leaves the setting out. */
  toSetting(value: T): S;
}

interface OpeningOption<N extends string> extends SettingOption<N, string, string> {
  readonly opensGroup: true;
}

/** Declares an option that fills a setting, with its own value unless it is converted. */
export function setting<const N extends string, T>(name: N, row: Option<T>): SettingOption<N, T, T>;
export function setting<const N extends string, T, S>(
  name: N,
  row: Option<T>,
  toSetting: (value: T) => S,
): SettingOption<N, T, S>;
export function setting<T>(
  name: string,
  row: Option<T>,
  toSetting: (value: T) => unknown = (value) => value,
): SettingOption<string, T, unknown> {
  return { ...row, setting: name, toSetting };
}

/** The same for the part of a group without which the group is not asked for: the URL of a webhook. */
export function opening<const N extends `${string}.${string}`>(
  name: N,
  row: Option<string>,
): OpeningOption<N> {
  return { ...row, setting: name, opensGroup: true, toSetting: (value) => value };
}

/** What a row fills, and with what. */
interface Filler<N extends string, S> {
  readonly setting: N;
  toSetting(value: never): S;
}
type IsPart<N> = N extends `${string}.${string}` ? true : false;

/** Settings that are always there. */
type Required<O> = {
  readonly [K in keyof O as O[K] extends Filler<infer N, infer S>
    ? IsPart<N> extends true
      ? never
      : undefined extends S
        ? never
        : N
    : never]: O[K] extends Filler<string, infer S> ? S : never;
};
/** Settings that may be left out. */
type Optional<O> = {
  readonly [K in keyof O as O[K] extends Filler<infer N, infer S>
    ? undefined extends S
      ? N
      : never
    : never]?: O[K] extends Filler<string, infer S> ? Exclude<S, undefined> : never;
};
type Parts<O, G extends string> = {
  readonly [K in keyof O as O[K] extends Filler<`${G}.${infer P}`, unknown> ? P : never]: O[K] extends Filler<
    string,
    infer S
  >
    ? S
    : never;
};
type OpenedGroups<O> = {
  readonly [K in keyof O as O[K] extends OpeningOption<`${infer G}.${string}`>
    ? G
    : never]?: O[K] extends Filler<`${infer G}.${string}`, unknown> ? Parts<O, G> : never;
};
type GroupOf<R> = R extends Filler<`${infer G}.${string}`, unknown> ? G : never;
type FixedGroups<O> = {
  readonly [G in Exclude<GroupOf<O[keyof O]>, keyof OpenedGroups<O>>]: Parts<O, G>;
};

/** The settings that a table's rows fill. */
export type SettingsOf<O extends Options> = Required<O> & Optional<O> & OpenedGroups<O> & FixedGroups<O>;

function isSetting(row: Option<unknown>): row is SettingOption<string, unknown, unknown> {
  return 'setting' in row;
}

/** The settings that a table's rows fill, from its values. */
export function fillSettings<const O extends Options>(options: O, values: Values<O>): SettingsOf<O> {
  const filled: Record<string, unknown> = {};
  const groups: Record<string, Record<string, unknown>> = {};
  const unasked = new Set<string>();
  for (const [key, row] of Object.entries(options)) {
    const value = isSetting(row) ? row.toSetting(values[key]) : undefined;
    if (!isSetting(row) || value === undefined) {
      continue;
    }
    const [name = '', part] = row.setting.split('.');
    if (part === undefined) {
      filled[name] = value;
      continue;
    }
    groups[name] = { ...groups[name], [part]: value };
    if (row.opensGroup && value === '') {
      unasked.add(name);
    }
  }
  const asked = Object.entries(groups).filter(([name]) => !unasked.has(name));
  return { ...filled, ...Object.fromEntries(asked) } as SettingsOf<O>;
}

/** The settings of a table when nothing was given. */
export function defaultSettings<const O extends Options>(options: O): SettingsOf<O> {
  const defaults = Object.entries(options).map(([key, row]) => [key, row.default] as const);
  return fillSettings(options, Object.fromEntries(defaults) as Values<O>);
}
