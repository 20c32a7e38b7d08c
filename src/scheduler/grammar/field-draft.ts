import type { FieldKind } from './field-kinds.ts';
import type { Remark } from './grammar-error.ts';

export interface FieldContext {
  /** What `H` and `~` are spread by. */
  readonly hashKey: string;
  /** Takes what is remarkable about a valid field. */
  readonly onRemark?: ((remark: Remark) => void) | undefined;
}

/** A field while it is read, item by item. */
export interface Draft {
  readonly kind: FieldKind;
  readonly hashKey: string;
  readonly onRemark: FieldContext['onRemark'];
  readonly values: Set<number>;
  readonly nearestWeekdays: number[];
  readonly lastOfWeekday: number[];
  readonly nthWeekdays: { day: number; n: number }[];
  last: boolean;
  lastWeekday: boolean;
}
