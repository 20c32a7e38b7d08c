import { marked } from 'marked';

/** Values for `{{name}}`, by name. */
export type Variables = ReadonlyMap<string, string>;

const PLACEHOLDER = /\{\{\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*\}\}/g;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it is written in HTML, in elements as well as in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

/**
 * Markdown to an HTML document. Variables are put in after the conversion, escaped: a value is never Markdown and
 * never HTML, whatever somebody writes into a URL. A name without a value stays as it is, so that it is seen.
 */
export function render(markdown: string, title: string, variables: Variables): string {
  const html = marked.parse(markdown, { async: false, gfm: true });
  const body = html.replaceAll(PLACEHOLDER, (whole, name: string) => {
    const value = variables.get(name);
    return value === undefined ? whole : escapeHtml(value);
  });
  return [
    '<!doctype html>',
    '<html lang="en">',
    `<head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>`,
    `<body>\n${body}</body>`,
    '</html>\n',
  ].join('\n');
}

const FROM_ENVIRONMENT = 'TEMPLATE_VAR_';

/** TEMPLATE_VAR_name gives {{name}}: only what was meant for templates, never the rest of the environment. */
export function variablesOf(query: URLSearchParams, env: NodeJS.ProcessEnv): Variables {
  const fromEnv = Object.entries(env)
    .filter(([name]) => name.startsWith(FROM_ENVIRONMENT))
    .map(([name, value]): [string, string] => [name.slice(FROM_ENVIRONMENT.length), value ?? '']);
  return new Map([...fromEnv, ...query.entries()]);
}
