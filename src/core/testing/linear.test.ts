import { expect, it } from 'vitest';
import { expectLinear, pumped } from './linear.ts';

it('a linear function passes and a quadratic one fails, without waiting for its end', () => {
  expectLinear((text: string) => text.split('\n').length, pumped('', 'a\n'));
  const quadratic = (text: string) => /a+$/.test(text);
  expect(() => expectLinear(quadratic, pumped('', 'a', 'b'))).toThrow('processor time');
});
