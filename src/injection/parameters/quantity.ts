/** Kubernetes quantities (128Mi, 500m, 1.5Gi) as whole numbers of billionths, compared and added without rounding. */

const QUANTITY = /^([0-9]{1,12})(?:\.([0-9]{1,3}))?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/;

/** The same as a pattern for RE2. */
export const QUANTITY_PATTERN = QUANTITY.source;

const BILLION = 1_000_000_000n;
const UNITS: Readonly<Record<string, bigint>> = {
  m: BILLION / 1000n,
  k: BILLION * 1000n,
  M: BILLION * 1000n ** 2n,
  G: BILLION * 1000n ** 3n,
  T: BILLION * 1000n ** 4n,
  P: BILLION * 1000n ** 5n,
  Ki: BILLION * 1024n,
  Mi: BILLION * 1024n ** 2n,
  Gi: BILLION * 1024n ** 3n,
  Ti: BILLION * 1024n ** 4n,
  Pi: BILLION * 1024n ** 5n,
};

/** Billionths of the unit (cores, bytes); undefined for what is no quantity of this form. */
export function parseQuantity(text: string): bigint | undefined {
  const match = QUANTITY.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, whole = '0', fraction = '', unit] = match;
  const factor = unit === undefined ? BILLION : (UNITS[unit] ?? BILLION);
  return (BigInt(`${whole}${fraction}`) * factor) / 10n ** BigInt(fraction.length);
}

/** The plainest spelling: cores in thousandths (510m); memory in Mi where that is exact, otherwise in bytes, rounded up. */
export function formatQuantity(billionths: bigint, resource: string): string {
  const up = (unit: bigint) => (billionths + unit - 1n) / unit;
  if (resource === 'cpu') {
    return `${up(BILLION / 1000n)}m`;
  }
  const mebibyte = BILLION * 1024n ** 2n;
  return billionths % mebibyte === 0n ? `${billionths / mebibyte}Mi` : `${up(BILLION)}`;
}

/** What each unit stands for, but for thousandths. */
export const QUANTITY_FACTORS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ...Object.entries(UNITS)
    .filter(([unit]) => unit !== 'm')
    .map(([unit, billionths]) => [unit, Number(billionths / BILLION)] as const),
]);
