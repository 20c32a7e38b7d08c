import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { imageUnderTest } from './environment.ts';
import type { TestImages } from './images.ts';

/** Names of images in a manifest, and what stands for them in the cluster. */
export type Images = Readonly<Record<string, string>>;

/** The images in the manifests of the examples. `pillion` is the image under test, by whatever name. */
export function exampleImages(test: TestImages, pillion = imageUnderTest()): Images {
  return {
    'registry.example/pillion:0.1.0': pillion,
    'betterdoc/templater-service': test.templaterService,
    'nginx:1.14-alpine': test.nginx,
    'nginxinc/nginx-unprivileged:stable': test.nginxUnprivileged,
    // For its shell.
    'busybox:1.36': test.nginxUnprivileged,
  };
}

/** Replaces text that must be there, everywhere. */
export function replaced(text: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes).reduce((before, [old, next]) => {
    const after = before.replaceAll(old, () => next);
    if (after === before) {
      throw new Error(`there is no ${JSON.stringify(old)} to replace`);
    }
    return after;
  }, text);
}

/** A manifest below examples/, unchanged but for the names of images; every image in it must be named. */
export async function exampleManifest(path: string, images: Images): Promise<string> {
  const text = await readFile(fileURLToPath(new URL(`../../../examples/${path}`, import.meta.url)), 'utf8');
  return text.replaceAll(/(?<=\bimage: )\S+/g, (name) => {
    const image = images[name];
    if (image === undefined) {
      throw new Error(`${path} has the image ${name}, for which there is none in the cluster`);
    }
    return image;
  });
}
