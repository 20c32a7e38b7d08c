import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { HttpError } from './http-error.ts';

/** A template inside one published revision. */
export interface Template {
  /** The revision's real directory: a later flip of the root's symlink does not change it. */
  readonly root: string;
  /** The template's real path, inside `root`. */
  readonly file: string;
}

function decodeSegments(urlPath: string): string[] {
  let decoded: string;
  try {
    decoded = decodeURIComponent(urlPath);
  } catch {
    throw new HttpError(400, 'the path is not properly percent-encoded');
  }
  if (decoded.includes('\0') || decoded.includes('\\')) {
    throw new HttpError(400, 'the path has characters that no template name has');
  }
  // Decoded first, split second: an encoded slash or dot is a slash or dot.
  return decoded.replace(/^\//, '').split('/');
}

/**
 * The template's path relative to the root, from the path of a URL. Refuses, as 400, everything that climbs (`..`), is
 * absolute (`//etc`), or is not spelled properly; as 403 names with a leading dot, such as `.git`.
 */
export function templatePath(urlPath: string): string {
  const segments = decodeSegments(urlPath);
  if (segments.some((segment) => segment === '..' || segment === '.' || segment === '')) {
    throw new HttpError(400, 'the path must name a template, without empty, "." or ".." parts');
  }
  if (segments.some((segment) => segment.startsWith('.'))) {
    throw new HttpError(403, 'names with a leading dot are not published');
  }
  const name = segments.join('/');
  return name.endsWith('.md') ? name : `${name}.md`;
}

async function realPathOrUndefined(file: string): Promise<string | undefined> {
  try {
    return await realpath(file);
  } catch {
    return undefined;
  }
}

/** The real directory behind TEMPLATE_ROOT at this moment, or undefined while nothing has been published. */
export async function currentRoot(templateRoot: string): Promise<string | undefined> {
  return realPathOrUndefined(templateRoot);
}

/**
 * Finds a template in the revision that is published now. The root's symlink is resolved once, so that a request sees
 * one revision even when the symlink flips meanwhile.
 */
export async function locate(templateRoot: string, urlPath: string): Promise<Template> {
  const wanted = templatePath(urlPath);
  const root = await currentRoot(templateRoot);
  if (root === undefined) {
    throw new HttpError(503, 'no templates have been published yet');
  }
  const file = await realPathOrUndefined(path.join(root, wanted));
  if (file === undefined) {
    throw new HttpError(404, `there is no template ${wanted}`);
  }
  if (!file.startsWith(root + path.sep)) {
    throw new HttpError(403, `${wanted} leads out of the published templates`);
  }
  return { root, file };
}
