/**
 * A name that nobody else picks: 16 hex digits. Not secret and not for security; node:crypto would cost every lean
 * command half a MiB for it.
 */
export function randomId(): string {
  const half = () =>
    Math.floor(Math.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return half() + half();
}
