declare const PILLION_VERSION: string | undefined;

/** Set by the build; `dev` when the sources run as they are. */
export const version: string = typeof PILLION_VERSION === 'string' ? PILLION_VERSION : 'dev';

declare const PILLION_OLDEST_NODE: string | undefined;

/** The oldest Node that the program runs on, set by the build: MAJOR.MINOR. */
const oldestNode = typeof PILLION_OLDEST_NODE === 'string' ? PILLION_OLDEST_NODE : '0.0';

/** Why this Node cannot run the program; on an older one things would go wrong one by one, each with another face. */
export function nodeProblem(found: string, oldest: string = oldestNode): string | undefined {
  const [major = 0, minor = 0] = found.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number);
  const isOld = major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
  return isOld ? `needs Node >= ${oldest}, and this is ${found}` : undefined;
}
