/** FNV-1a, 32 bits: spreads names evenly and is the same on every machine for ever. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) {
    value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  }
  // FNV's low bits are weak for short texts: one round of mixing makes `% 60` even.
  value = Math.imul(value ^ (value >>> 16), 0x45d9f3b) >>> 0;
  return (value ^ (value >>> 16)) >>> 0;
}
