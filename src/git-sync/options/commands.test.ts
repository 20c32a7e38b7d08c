import { expect, it } from 'vitest';
import { commandProblem, parseCommand, parseCommands } from './commands.ts';

it.each([
  ['/bin/check', false, { program: '/bin/check', args: [] }],
  ['["npm","run","a b"]', false, { program: 'npm', args: ['run', 'a b'] }],
  [' ["npm"]', false, 'holds blanks'],
  ['npm ci', false, 'holds blanks'],
  ['[]', false, 'is no JSON list'],
  ['[""]', false, 'is no JSON list'],
  ['["npm", 1]', false, 'is no JSON list'],
  ['[npm]', false, 'is no JSON list'],
  ['npm ci && npm test', true, { program: '/bin/sh', args: ['-c', 'npm ci && npm test'] }],
  ['["x"]', true, { program: '/bin/sh', args: ['-c', '["x"]'] }],
])('the command %j (shell: %j) is %j', (text, isShell, expected) => {
  const command = parseCommand(text, isShell);
  if (typeof expected === 'string') {
    expect(command).toContain(expected);
  } else {
    expect(command).toMatchObject(expected);
  }
});

it('empty commands are none, and the first that is wrong is told', () => {
  expect(parseCommands(['', ' ', 'a'], false)).toHaveLength(1);
  expect(commandProblem(['', 'a', '["b"]'], false)).toBeUndefined();
  expect(commandProblem(['a', 'b c', '['], false)).toContain('holds blanks');
});
