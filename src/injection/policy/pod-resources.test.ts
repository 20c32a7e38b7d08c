import { expect, it } from 'vitest';
import { podResourcesVariables } from './pod-resources.ts';

it('refuses in the words of the engine, and fractions, which the policy alone refuses, in plain ones', () => {
  const problem = podResourcesVariables().find(({ name }) => name === 'resources_problem')?.expression.text;
  expect(problem).toContain('"spec.resources is too small: needs "');
  expect(problem).toContain('"next to spec.resources a quantity may be no fraction of a thousandth: "');
});
