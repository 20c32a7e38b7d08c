import { expect, it } from 'vitest';
import { endsInParts, repositoryName } from './repository-name.ts';

it.each([
  ['https://User:pw@GitHub.com:443/Org/Repo.git/', 'github.com/org/repo'],
  ['git@github.com:Org/Repo', 'github.com/org/repo'],
  ['github.com:/Org//Repo.git', 'github.com/org/repo'],
  ['ssh://git@ssh.github.com:443/org/repo.git', 'github.com/org/repo'],
  ['git://github.com/org/repo.git', 'github.com/org/repo'],
  ['ssh://git@[::1]:22/org/repo', '[::1]/org/repo'],
  ['file:///srv/Git/repo.git', '/srv/git/repo'],
  ['/srv/git/repo.git', '/srv/git/repo'],
  ['../relative/a:b', '/../relative/a:b'],
  ['https://git.example/a%20b/c%zz', 'git.example/a%20b/c%zz'],
  ['https://git.example/a%20b/c', 'git.example/a b/c'],
  ['https://gitlab.example/group/sub/project.git', 'gitlab.example/group/sub/project'],
  ['https://org@dev.azure.com/org/project/_git/repo', 'dev.azure.com/org/project/repo'],
  ['https://dev.azure.com/org/_git/repo', 'dev.azure.com/org/repo/repo'],
  ['git@ssh.dev.azure.com:v3/org/project/repo', 'dev.azure.com/org/project/repo'],
  ['https://org.visualstudio.com/DefaultCollection/project/_git/repo', 'dev.azure.com/org/project/repo'],
  ['https://org.visualstudio.com/_git/repo', 'dev.azure.com/org/repo/repo'],
  ['org@vs-ssh.visualstudio.com:v3/org/project/repo', 'dev.azure.com/org/project/repo'],
  ['https://', undefined],
  ['https://exa mple/x', undefined],
  ['', undefined],
])('the repository of %j is %j', (address, name) => {
  expect(repositoryName(address)).toBe(name);
});

it('a repository is known by its last parts, which are whole ones', () => {
  expect(endsInParts('git.example/scm/proj/repo', 'PROJ/repo')).toBe(true);
  expect(endsInParts('git.example/scm/aproj/repo', 'PROJ/repo')).toBe(false);
  expect(endsInParts('git.example/scm/proj/repo2', 'PROJ/repo')).toBe(false);
});
