const MAX_SHARE = 1;
const MAX_BYTES = 1e6;

/** Whether a schedule that makes others spin stays below 1 % CPU and 1 MB of log. */
export function limits(share: number, bytes: number): string {
  const kept = share < MAX_SHARE && bytes < MAX_BYTES;
  return `(${kept ? 'kept' : 'MISSED'}: < ${MAX_SHARE} % and < ${MAX_BYTES / 1e6} MB)`;
}
