import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSecrets } from '../../core/log/secrets.ts';
import { chooseDialect, DIALECT_VARIABLE, provesV3 } from './dialect.ts';
import { ended, REPO, taken, V4 } from './testing/parse.ts';

const dialect = (argv: readonly string[], env = {}, startedAs = 'git-sync') =>
  chooseDialect({ argv, env, startedAs, cwd: '/', secrets: createSecrets() });

describe('the choice of the dialect', () => {
  it.each([
    [['-repo=x', '--root=y']],
    [['-repo', 'x']],
    [['--root=y', '-ssh']],
    [['-one-time=true']],
    [['-vmodule=a=1']],
    [['--logtostderr']],
    [['--log_dir=/x']],
    [['--stderrthreshold=2']],
    [['-version']],
    [['-help']],
    [['-nonsense']],
    [['--username', 'x', '-root=y']],
    [['-v', '5', '-repo=x']],
  ])('takes %j for v3 by its syntax', (argv) => {
    expect(dialect(argv)).toEqual({ dialect: 'v3' });
    expect(dialect(argv, { [DIALECT_VARIABLE]: 'v4' })).toEqual({ dialect: 'v3' });
  });

  it.each([
    [[]],
    [['--repo=x', '--root=y', '--branch=z', '--wait=3', '--dest=l']],
    [['-v=5']],
    [['-v5']],
    [['-v', '5']],
    [['-h']],
    [['-?']],
    [['-hv5']],
    [['--username', '-repo=x']],
    [['-v', '-1']],
    [['--', '-repo=x']],
    [['-', 'word']],
    [['--v=3']],
  ])('takes %j for v4 unless something else says v3', (argv) => {
    expect(dialect(argv)).toEqual({ dialect: 'v4' });
    expect(dialect(argv, { [DIALECT_VARIABLE]: 'v3' })).toEqual({ dialect: 'v3' });
    expect(dialect(argv, {}, 'git-sync-v3')).toEqual({ dialect: 'v3' });
  });

  it('lets the variable win over the name of the program', () => {
    expect(dialect([], { [DIALECT_VARIABLE]: 'v4' }, 'git-sync-v3')).toEqual({ dialect: 'v4' });
  });

  it('takes an empty variable for none', () => {
    expect(dialect([], { [DIALECT_VARIABLE]: '' }, 'git-sync-v3')).toEqual({ dialect: 'v3' });
  });

  it('refuses any other value of the variable, and says which there are', () => {
    const result = ended({ argv: V4, env: { [DIALECT_VARIABLE]: 'v5' } });
    expect(result.code).toBe(1);
    expect(result.stderr).toBe(`FATAL: invalid env ${DIALECT_VARIABLE}="v5": must be v3 or v4\n`);
  });

  it('gives the ambiguous command line the defaults of the chosen generation', () => {
    const argv = [`--repo=${REPO}`, '--root=/r', '--wait=5'];
    expect(taken({ argv }).settings).toMatchObject({ depth: 1, gc: 'always', follow: { ref: 'HEAD' } });
    expect(taken({ argv, env: { [DIALECT_VARIABLE]: 'v3' } }).settings).toMatchObject({
      depth: 0,
      gc: 'auto',
      follow: { branch: 'master', rev: 'HEAD' },
    });
  });

  it('finds proof in a single dash wherever the flag stands among complete v4 flags', () => {
    const v4Flag = fc.constantFrom('--repo=x', '--one-time', '-v3', '--link=-a');
    fc.assert(
      fc.property(fc.array(v4Flag), fc.array(v4Flag), (before, after) => {
        expect(provesV3([...before, '-branch=main', ...after])).toBe(true);
        expect(provesV3([...before, ...after])).toBe(false);
      }),
    );
  });
});
