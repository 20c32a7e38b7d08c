/** The pods of the manifests that the engine is tested with, without what only their template leaves out. */
import { readdir, readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { workloadsOf } from '../../../src/injection/offline/workloads.ts';
import type { Json } from '../../../src/kubernetes/json.ts';

export interface CorpusPod {
  /** `file: kind name`. */
  readonly name: string;
  readonly pod: Json;
}

export async function corpusPods(): Promise<CorpusPod[]> {
  const folder = new URL('../../integration/injection/corpus/', import.meta.url);
  const files = (await readdir(folder)).toSorted();
  const all = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(new URL(file, folder), 'utf8');
      return parseAllDocuments(text, { version: '1.1' })
        .flatMap((document) => workloadsOf(document.toJS() as Json))
        .map(({ kind, name, pod }) => ({ name: `${file}: ${kind} ${name}`, pod }));
    }),
  );
  return all.flat();
}
