import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { defineOptions, option } from '../../src/core/options/option.ts';
import { bool, choice, string } from '../../src/core/options/value-types.ts';
import { bashCompletion, zshCompletion } from './completion.ts';

const commands = [
  {
    name: 'git-sync',
    summary: "keep a repository's tree",
    options: defineOptions({
      gc: option({ flag: 'git-gc', type: choice('auto', 'off'), default: 'auto', help: 'what to do' }),
      file: option({ flag: 'error-file', type: string, default: '', help: 'a file' }),
      once: option({ flag: 'one-time', type: bool, default: false, help: 'once [only]' }),
      secret: option({ flag: 'hush', type: string, default: '', help: 'x', hidden: true }),
    }),
  },
];

function complete(...words: string[]): string[] {
  const script = `${bashCompletion(commands)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _pillion; echo "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split(' ');
}

describe('bash completion', () => {
  it('offers the commands, then the flags of the command, then the words of a choice', () => {
    expect(complete('pillion', 'gi')).toEqual(['git-sync']);
    expect(complete('pillion', 'git-sync', '--o')).toEqual(['--one-time']);
    expect(complete('pillion', 'git-sync', '--git-gc', '')).toEqual(['auto', 'off']);
  });

  it('offers the words of a choice behind an equals sign, which is a word of its own for bash', () => {
    expect(complete('pillion', 'git-sync', '--git-gc', '=')).toEqual(['auto', 'off']);
    expect(complete('pillion', 'git-sync', '--git-gc', '=', 'o')).toEqual(['off']);
  });

  it('leaves files to bash', () => {
    expect(complete('pillion', 'git-sync', '--error-file', '')).toEqual(['']);
    expect(bashCompletion(commands)).toContain('complete -o default');
  });

  it('does not offer what is hidden', () => {
    expect(complete('pillion', 'git-sync', '--h')).toEqual(['']);
  });
});

describe('zsh completion', () => {
  it('describes every visible flag and escapes what zsh would read', () => {
    const script = zshCompletion(commands);
    expect(script).toContain("'--one-time[once \\[only\\]]'");
    expect(script).toContain("'git-sync:keep a repository'\\''s tree'");
    expect(script).not.toContain('hush');
  });
});
