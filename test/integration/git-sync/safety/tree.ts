/** The tree that the safety tests publish: each file tells its version and whether it is whole. */
import type { Content, GitRepository } from '../../../support/git-repository.ts';

export const FILES = ['version', 'script.sh', 'a/b/c/deep', 'a/wide', 'large', 'last'] as const;

/** What a file holds in a version: the version in its first line, then itself until the end mark. */
export function wholeContent(name: string, version: string): string {
  const lines = name === 'large' ? 2000 : 3;
  return `${version}\n${`${name} of version ${version}\n`.repeat(lines)}end\n`;
}

function filesOf(version: string): Record<string, Content> {
  const entries = FILES.map((name): [string, Content] => {
    const content = wholeContent(name, version);
    return [name, name === 'script.sh' ? { executable: content } : content];
  });
  return Object.fromEntries(entries);
}

/** Commits a version, with a file that only this version has, so that trees differ in names as well. */
export async function commitVersion(
  repository: GitRepository,
  version: number,
  more: Readonly<Record<string, Content>> = {},
): Promise<string> {
  const own = { [`only-in-${version}`]: `${version}\n`, [`only-in-${version - 1}`]: null };
  return repository.commit({ ...filesOf(String(version)), ...own, ...more }, `version ${version}`);
}
