import type { GitRequest, HttpGitServer } from './http-git-server.ts';

export const isOurs = ({ headers }: GitRequest): boolean => String(headers['user-agent']).includes('pillion');

/**
 * From now on what Pillion passes on for git fails, so that git fetches by itself. Its own question is known by its length:
 * it is the first that it posts, and always the same.
 */
export function failRelayed(server: HttpGitServer): void {
  const isPost = (request: GitRequest) => isOurs(request) && request.method === 'POST';
  const lengthOf = (request: GitRequest | undefined) => request?.headers['content-length'];
  server.fail(
    { kind: 'status', status: 500 },
    { when: (request) => isPost(request) && lengthOf(request) !== lengthOf(server.requests.find(isPost)) },
  );
}
