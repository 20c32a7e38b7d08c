import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** A program of pod-programs as one module, for a ConfigMap. */
export async function bundled(name: string): Promise<string> {
  const entry = fileURLToPath(new URL(`pod-programs/${name}.ts`, import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}
