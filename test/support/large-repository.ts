import { committerLine, fastImport } from './git.ts';
import { createRepository, type GitRepository } from './git-repository.ts';

export interface WideOptions {
  readonly files: number;
  /** Bytes of each file; the content differs from file to file and does not compress. Default 100. */
  readonly bytesPerFile?: number;
  /** Default 100. */
  readonly filesPerDirectory?: number;
}

/** Bytes that look random and are the same in each run: packs must not shrink, hashes must not change. */
export function pseudoRandomBytes(length: number, seed: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = (seed + 1) * 0x9e3779b1;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

async function* wideStream(branch: string, options: WideOptions): AsyncGenerator<string | Uint8Array> {
  const perDirectory = options.filesPerDirectory ?? 100;
  const bytes = options.bytesPerFile ?? 100;
  yield `commit refs/heads/${branch}\n${committerLine(1)}data 4\nwide\n`;
  for (let index = 0; index < options.files; index += 1) {
    const name = `directory-${Math.floor(index / perDirectory)}/file-${index}.txt`;
    const head = Buffer.from(`M 100644 inline ${name}\ndata ${bytes}\n`);
    yield Buffer.concat([head, pseudoRandomBytes(bytes, index), Buffer.from('\n')]);
  }
}

/** A repository with one commit of many files; about 100,000 small files a second, or 50 MB of incompressible data. */
export async function createWideRepository(dir: string, options: WideOptions): Promise<GitRepository> {
  const repository = await createRepository(dir);
  await fastImport(dir, wideStream(repository.branch, options));
  return repository;
}

async function* deepStream(branch: string, commits: number, files: number): AsyncGenerator<string> {
  for (let index = 1; index <= commits; index += 1) {
    const message = `change ${index}`;
    const content = `content of change ${index}\n`;
    yield `commit refs/heads/${branch}\n${committerLine(index)}data ${message.length}\n${message}\n` +
      `M 100644 inline directory-${index % files}/file.txt\ndata ${content.length}\n${content}\n`;
  }
}

/** A repository with a long history: each commit changes one of `files` (default 100) files. */
export async function createDeepRepository(
  dir: string,
  options: { readonly commits: number; readonly files?: number },
): Promise<GitRepository> {
  const repository = await createRepository(dir);
  await fastImport(dir, deepStream(repository.branch, options.commits, options.files ?? 100));
  return repository;
}
