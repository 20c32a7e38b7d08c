import { readFile } from 'node:fs/promises';
import http, { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import path from 'node:path';
import { HttpError } from './http-error.ts';
import { currentRoot, locate, type Template } from './locate.ts';
import { render, variablesOf } from './render.ts';

export interface TemplaterOptions {
  /** Directory with the templates, usually the symlink that git-sync keeps. */
  readonly templateRoot: string;
  /** Source of TEMPLATE_VAR_ values. */
  readonly env: NodeJS.ProcessEnv;
}

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  // Templates may hold HTML; scripts are none of their business.
  'content-security-policy':
    "default-src 'self'; img-src *; style-src 'self' 'unsafe-inline'; script-src 'none'",
};

async function read(template: Template): Promise<string> {
  try {
    return await readFile(template.file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EISDIR') {
      throw new HttpError(404, 'that is a directory, not a template');
    }
    throw error;
  }
}

/**
 * The template's text. The revision may be replaced and removed between finding a file and opening it; then the
 * request starts again in the revision that is current now.
 */
async function load(templateRoot: string, urlPath: string): Promise<string> {
  for (;;) {
    const root = await currentRoot(templateRoot);
    try {
      return await read(await locate(templateRoot, urlPath));
    } catch (error) {
      if (root === (await currentRoot(templateRoot))) {
        throw error;
      }
    }
  }
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { ...SECURITY_HEADERS, 'content-type': `${type}; charset=utf-8` });
  response.end(body);
}

async function handle(request: IncomingMessage, response: ServerResponse, options: TemplaterOptions) {
  // Not `new URL`: it would quietly resolve `..` that has to be refused.
  const [urlPath = '/', query = ''] = (request.url ?? '/').split('?', 2);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new HttpError(405, 'only GET and HEAD are served here');
  }
  if (urlPath === '/healthz') {
    const ready = (await currentRoot(options.templateRoot)) !== undefined;
    answer(response, ready ? 200 : 503, 'text/plain', ready ? 'ok\n' : 'no templates yet\n');
    return;
  }
  const markdown = await load(options.templateRoot, urlPath);
  const variables = variablesOf(new URLSearchParams(query), options.env);
  answer(response, 200, 'text/html', render(markdown, path.basename(urlPath, '.md'), variables));
}

function refuse(response: ServerResponse, error: unknown): void {
  const { status, message } = error instanceof HttpError ? error : new HttpError(500, 'that went wrong here');
  if (status === 500) {
    console.error(error);
  }
  answer(response, status, 'text/plain', `${message}\n`);
}

/** The templater as a server that does not listen yet. */
export function createTemplater(options: TemplaterOptions): Server {
  return http.createServer((request, response) => {
    handle(request, response, options).catch((error: unknown) => refuse(response, error));
  });
}
