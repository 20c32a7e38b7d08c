import { describe, expect, it } from 'vitest';
import { ended, taken, V3, V4 } from './testing/parse.ts';
import { unknownVariables } from './unknown-variables.ts';
import { v4Options } from './v4/options.ts';

const told = (...names: string[]) =>
  unknownVariables(Object.fromEntries(names.map((name) => [name, 'x'])), v4Options);

describe('a variable that nothing reads', () => {
  it.each([
    ['GITSYNC_BRANCH', 'GITSYNC_REF'],
    ['GITSYNC_REV', 'GITSYNC_REF'],
    ['GITSYNC_DEST', 'GITSYNC_LINK'],
    ['GITSYNC_WAIT', 'GITSYNC_PERIOD'],
    ['GITSYNC_TIMEOUT', 'GITSYNC_SYNC_TIMEOUT'],
    ['GITSYNC_MAX_SYNC_FAILURES', 'GITSYNC_MAX_FAILURES'],
    ['GITSYNC_PERIODE', 'GITSYNC_PERIOD'],
    ['GITSYNC_REPOO', 'GITSYNC_REPO'],
  ])('(%s) is told, with what was meant', (name, meant) => {
    expect(told(name)).toEqual([`env $${name} is not known and has no effect: did you mean $${meant}?`]);
  });

  it('is told without advice when it is like nothing', () => {
    expect(told('GITSYNC_COLOUR_OF_THE_SKY')).toEqual([
      'env $GITSYNC_COLOUR_OF_THE_SKY is not known and has no effect',
    ]);
  });

  it.each([
    'GITSYNC_SERVICE_HOST',
    'GITSYNC_SERVICE_PORT',
    'GITSYNC_SERVICE_PORT_HTTP_METRICS',
    'GITSYNC_PORT',
    'GITSYNC_PORT_9376_TCP',
    'GITSYNC_PORT_9376_TCP_PROTO',
    'GITSYNC_PORT_9376_TCP_PORT',
    'GITSYNC_PORT_9376_UDP_ADDR',
    'GIT_SYNC_SERVICE_HOST',
    'GITSYNC_WEB_PORT_80_TCP_ADDR',
    'GITSYNC_HASH',
    'GITSYNC_REPO',
    'GIT_SYNC_BRANCH',
    'GITHUB_TOKEN',
  ])('is not %s, which Kubernetes, a hook or an option has', (name) => {
    expect(told(name)).toEqual([]);
  });

  it('is told by v3 as well, also when it is one of v4', () => {
    expect(taken({ argv: V3, env: { GIT_SYNC_BRANCHH: 'x', GITSYNC_REPO: 'y' } }).notes.stderr).toEqual([
      'env $GITSYNC_REPO is not known and has no effect: did you mean $GIT_SYNC_REPO?',
      'env $GIT_SYNC_BRANCHH is not known and has no effect: did you mean $GIT_SYNC_BRANCH?',
    ]);
  });

  it('is told before the log begins, and where its absence is the fault; its value never', () => {
    const env = { GITSYNC_REPOO: 'https://user:hunter2@host/x' };
    const note = 'env $GITSYNC_REPOO is not known and has no effect: did you mean $GITSYNC_REPO?';
    expect(taken({ argv: V4, env }).notes.stderr).toEqual([note]);
    const { stderr } = ended({ argv: ['--root=/r'], env });
    expect(stderr.startsWith(`${note}\nrequired flag: --repo must be specified`)).toBe(true);
    expect(stderr).not.toContain('hunter2');
  });
});
