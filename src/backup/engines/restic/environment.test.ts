import { expect, it } from 'vitest';
import { memoryLimit, resticEnvironment, secretsIn } from './environment.ts';

const access = { location: 's3:http://h/b', passwordFile: '', password: 'pw', workDir: '/scratch' };

it('passes on what reaches the store, and nothing that leads elsewhere', () => {
  const env = {
    PATH: '/usr/bin',
    AWS_SECRET_ACCESS_KEY: 'k',
    AWS_WEB_IDENTITY_TOKEN_FILE: '/token',
    HTTPS_PROXY: 'http://proxy',
    RESTIC_COMPRESSION: 'max',
    RESTIC_REPOSITORY: '/other',
    RESTIC_REPOSITORY_FILE: '/file',
    RESTIC_PASSWORD_COMMAND: 'steal',
    RESTIC_HOST: 'pod-1',
    PILLION_BACKUP_PASSWORD: 'secret',
    GIT_DIR: '/git',
    UNSET: undefined,
  };
  expect(resticEnvironment(env, access)).toMatchObject({
    PATH: '/usr/bin',
    AWS_SECRET_ACCESS_KEY: 'k',
    AWS_WEB_IDENTITY_TOKEN_FILE: '/token',
    HTTPS_PROXY: 'http://proxy',
    RESTIC_COMPRESSION: 'max',
    RESTIC_REPOSITORY: 's3:http://h/b',
    RESTIC_PASSWORD: 'pw',
    RESTIC_CACHE_DIR: '/scratch/restic-cache',
    TMPDIR: '/scratch/tmp',
    HOME: '/scratch',
  });
  expect(Object.keys(resticEnvironment(env, access))).not.toEqual(
    expect.arrayContaining(['RESTIC_HOST', 'RESTIC_REPOSITORY_FILE', 'RESTIC_PASSWORD_COMMAND']),
  );
  expect(resticEnvironment(env, access)).not.toHaveProperty('PILLION_BACKUP_PASSWORD');
});

it('names a password file instead of the password', () => {
  const env = resticEnvironment({}, { ...access, passwordFile: '/secret/password' });
  expect(env).toMatchObject({ RESTIC_PASSWORD_FILE: '/secret/password' });
  expect(env).not.toHaveProperty('RESTIC_PASSWORD');
});

it('finds the secrets of the stores, for redaction', () => {
  const env = {
    AWS_SECRET_ACCESS_KEY: 'a',
    AWS_SESSION_TOKEN: 'b',
    AZURE_ACCOUNT_KEY: 'c',
    AWS_WEB_IDENTITY_TOKEN_FILE: '/path',
    AWS_REGION: 'eu',
    OTHER_SECRET: 'x',
  };
  expect(secretsIn(env).map(([, value]) => value)).toEqual(['a', 'b', 'c']);
});

it('aims at part of the memory of the container, where that is limited', () => {
  expect(memoryLimit('1073741824\n')).toBe('644245094');
  expect(memoryLimit('max\n')).toBeUndefined();
  expect(memoryLimit(undefined)).toBeUndefined();
});
