/** The hosts for which git has to say which repository it asks for. Pure. */
import type { GitAuthSettings } from '../settings.ts';
import { questionFor } from './match.ts';

/**
 * Those that have several credentials, or signatures for one repository each, as `protocol://host`. For others the path is left
 * out, as git does by itself: a helper of the user's own may know hosts only.
 */
export function hostsAskedWithPaths(
  settings: Pick<
    GitAuthSettings,
    'repo' | 'credentials' | 'commandCredentials' | 'identityCredentials' | 'askpassUrl' | 'githubApp'
  >,
): string[] {
  const { repo, credentials, askpassUrl = '', commandCredentials = [], identityCredentials = [] } = settings;
  const forRepo = [askpassUrl !== '', settings.githubApp !== undefined].filter(Boolean);
  const urls = [
    ...forRepo.map(() => repo),
    ...[...credentials, ...commandCredentials, ...identityCredentials].map(({ url }) => url),
    // Twice, so that one is enough.
    ...identityCredentials.flatMap(({ url, identity }) => (identity === 'aws' ? [url] : [])),
  ];
  const hosts = urls.flatMap((url) => {
    const question = questionFor(url);
    return question === undefined ? [] : [`${question.protocol}://${question.host}`];
  });
  return [...new Set(hosts.filter((host, index) => hosts.indexOf(host) !== index))];
}
