/** Which restic this is. Older ones cannot tell an absent repository from a wrong password, and have other options. */
const OLDEST = [0, 17, 0] as const;
export const OLDEST_TEXT = '0.17';

const VERSION = /^restic (\d{1,6})\.(\d{1,6})\.(\d{1,6})/m;

/** What is wrong with a restic that answers `restic version` so; undefined when nothing is. */
export function versionProblem(output: string): string | undefined {
  const match = VERSION.exec(output);
  if (match === null) {
    return 'the program named restic does not say its version: it is another program';
  }
  const parts = match.slice(1).map(Number);
  const difference = parts.map((part, index) => part - (OLDEST[index] ?? 0)).find((each) => each !== 0) ?? 0;
  return difference < 0
    ? `restic ${parts.join('.')} is too old: ${OLDEST_TEXT} or newer is needed, which can tell an absent repository from a wrong password`
    : undefined;
}
