import { describe, expect, it } from 'vitest';
import { localPathOf, parseRepository } from './repository.ts';

describe('the address of a repository', () => {
  it.each([
    ['s3:https://s3.eu-west-1.amazonaws.com/bucket/prefix', 'restic'],
    ['rest:https://host:8000/data/', 'restic'],
    ['sftp:user@host:/backups', 'restic'],
    ['azure:container:/', 'restic'],
    ['/mnt/backups', 'restic'],
    ['git+ssh://git@host/team/data.git#backup', 'git'],
    ['git+https://host/data.git#backup/data', 'git'],
    ['git+file:///srv/data.git#main', 'git'],
    ['dir:/mnt/backups', 'dir'],
  ])('%s is for %s', (text, kind) => {
    expect(parseRepository(text).kind).toBe(kind);
  });

  it.each([
    ['/mnt/backups', '/mnt/backups'],
    ['local:/mnt/a#b', '/mnt/a#b'],
    ['dir:/mnt/a#b', '/mnt/a#b'],
    ['git+file:///srv/data.git#main', '/srv/data.git'],
    ['git+ssh://host/data.git#main', undefined],
    ['s3:https://host/bucket', undefined],
    ['sftp:user@host:/backups', undefined],
    ['dir:backups', undefined],
    ['', undefined],
  ])('%s is at %s of this machine', (text, path) => {
    expect(localPathOf(text)).toBe(path);
  });

  it('is taken apart for git', () => {
    expect(parseRepository('git+ssh://git@host:2222/data.git#backup/a')).toMatchObject({
      url: 'ssh://git@host:2222/data.git',
      branch: 'backup/a',
    });
  });

  it('is shown without its password', () => {
    const address = parseRepository('rest:https://user:hunter2@host/');
    expect(address).toMatchObject({
      location: 'rest:https://user:hunter2@host/',
      shown: 'rest:https://user:***@host/',
    });
  });

  it.each([
    ['', 'there is no repository'],
    ['backups', 'not an absolute path'],
    ['dir:backups', 'not an absolute path'],
    ['https://host/bucket', 'nothing is known that begins with https:'],
    ['git@github.com:me/data.git', 'not an absolute path'],
    ['git+ssh://host/data.git', 'it names no branch'],
    ['git+ssh://host/data.git#', 'it names no branch'],
    ['git+ssh://host/data.git#-x', 'is no name of a branch'],
    ['git+ssh://host/data.git#a..b', 'is no name of a branch'],
  ])('%s is refused: %s', (text, message) => {
    expect(() => parseRepository(text)).toThrow(message);
  });

  it('never shows a password when it refuses', () => {
    expect(() => parseRepository('https://user:hunter2@host/')).toThrow(
      expect.not.stringContaining('hunter2'),
    );
  });
});
