/** Whether a label selector takes labels, as the API server decides it (metav1.LabelSelector). Pure. */
import { isMap, type Json, listAt, memberAt, textAt } from '../../../kubernetes/json.ts';

export type Labels = Readonly<Record<string, string>>;

/** An absent selector takes everything; an operator that is not known takes nothing. */
export function selects(selector: Json | undefined, labels: Labels): boolean {
  const wanted = memberAt(selector, 'matchLabels');
  const hasAll =
    !isMap(wanted) ||
    Object.entries(wanted).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
  return hasAll && listAt(selector, 'matchExpressions').every((expression) => holds(expression, labels));
}

function holds(expression: Json, labels: Labels): boolean {
  const key = textAt(expression, 'key') ?? '';
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  const isListed = value !== undefined && listAt(expression, 'values').includes(value);
  switch (textAt(expression, 'operator')) {
    case 'In':
      return isListed;
    case 'NotIn':
      return !isListed;
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
