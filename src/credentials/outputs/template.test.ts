import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ESCAPERS } from './escape.ts';
import { fieldValues, parseTemplate, renderTemplate, TemplateError } from './template.ts';

const values = fieldValues(
  { username: 'app', password: 'p:w\\"d', issuedAt: 0, expiresAt: 900_000 },
  { host: 'db', port: 5432, database: '' },
);
const render = (text: string) => renderTemplate(parseTemplate(text, 'raw'), values);

describe('a template', () => {
  it('puts fields into text, each with its escaper', () => {
    expect(render('u={{username}} p={{ password | pgpass }} {{expires-at}}\n')).toBe(
      'u=app p=p\\:w\\\\"d 1970-01-01T00:15:00.000Z\n',
    );
    expect(render('postgres://{{ username | url }}:{{ password | url }}@{{ host }}:{{ port }}')).toBe(
      'postgres://app:p%3Aw%5C%22d@db:5432',
    );
    expect(render('{{ "{{" }} x }}')).toBe('{{ x }}');
  });

  it('is refused with an unknown field, an unknown escaper or an open placeholder, and names the place', () => {
    const problem = (text: string) => {
      try {
        return parseTemplate(text, 'raw');
      } catch (error) {
        return error instanceof TemplateError ? [error.offset, error.message, error.hint] : error;
      }
    };
    expect(problem('ab {{ pasword }}')).toEqual([
      3,
      'unknown field "pasword"',
      expect.stringContaining('password'),
    ]);
    expect(problem('{{password|pgpas}}')).toEqual([
      0,
      'unknown escaper "pgpas"',
      expect.stringContaining('pgpass'),
    ]);
    expect(problem('{{password|}}')).toEqual([0, 'unknown escaper ""', expect.any(String)]);
    expect(problem('x{{ password }')).toEqual([1, '{{ without }}', expect.any(String)]);
  });

  it('with a field that is not known gives an error, never a file with a hole', () => {
    expect(() => render('db={{ database }}')).toThrow(/database.*not known/);
  });

  it('takes any text without braces as it is', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('{{')),
        (text) => {
          expect(render(text)).toBe(text);
        },
      ),
    );
  });
});

describe('escapers', () => {
  it('of formats with one line per value refuse line ends and other control characters', () => {
    for (const name of ['pgbouncer', 'pgpass', 'pg-service', 'mysql', 'env', 'shell'] as const) {
      for (const bad of ['a\nb', 'a\0', '\x1b[2J', 'a\r']) {
        expect(() => ESCAPERS[name](bad, 'password')).toThrow(/cannot be written/);
      }
    }
  });

  it('never repeat the value in the error', () => {
    expect(() => ESCAPERS.env("canary'", 'password')).toThrow(/^(?!.*canary)/);
  });
});
