/** When a part of a template is there: `depth` (it is set), `!depth`, `auth=ssh`, `auth!=ssh`; a list means all of them. */

export interface Condition {
  readonly parameter: string;
  /** undefined: whether it is set at all (a boolean: whether it is true). */
  readonly value: string | undefined;
  readonly negated: boolean;
}

const CONDITION = /^(!?)([a-z][a-z0-9-]*)(?:(!?)=([ -~]*))?$/;

/** undefined for what is no condition. */
export function parseCondition(text: string): Condition | undefined {
  const match = CONDITION.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, not = '', parameter = '', differs = '', value] = match;
  return { parameter, value, negated: (not === '!') !== (differs === '!') };
}

/** The values of an instance's parameters, as text; what is not set is not in it. */
export type ParameterValues = ReadonlyMap<string, string>;

export function holds(condition: Condition, values: ParameterValues): boolean {
  const value = values.get(condition.parameter);
  const positive =
    condition.value === undefined ? value !== undefined && value !== 'false' : value === condition.value;
  return positive !== condition.negated;
}

export function allHold(conditions: readonly Condition[], values: ParameterValues): boolean {
  return conditions.every((condition) => holds(condition, values));
}
