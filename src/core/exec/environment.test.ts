import { describe, expect, it } from 'vitest';
import { BASIC_NAMES, pickEnvironment } from './environment.ts';

describe('pickEnvironment', () => {
  it('takes the named variables that are set, and nothing else', () => {
    const env = { PATH: '/bin', HOME: undefined, TZ: '', GIT_DIR: '/evil', LD_PRELOAD: '/evil.so' };
    expect(pickEnvironment(env, BASIC_NAMES)).toEqual({ PATH: '/bin', TZ: '' });
  });

  it('lets the extra variables win, and leaves out those without a value', () => {
    const env = { PATH: '/bin', LANG: 'de_DE.UTF-8' };
    expect(
      pickEnvironment(env, ['PATH', 'LANG'], { LANG: 'C', GIT_TERMINAL_PROMPT: '0', X: undefined }),
    ).toEqual({
      PATH: '/bin',
      LANG: 'C',
      GIT_TERMINAL_PROMPT: '0',
    });
  });
});
