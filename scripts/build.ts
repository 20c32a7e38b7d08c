/** One CommonJS bundle per command in dist/, and bin/pillion, which loads just the one that is asked for. */
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { MALLOC_VALUE, MALLOC_VARIABLE } from '../src/core/process/malloc.ts';
import { makeCodeCache } from './code-cache.ts';
import { readManifest } from './manifest.ts';
import { ensurePackages } from './packages.ts';

// The sync that the code cache is made of (rehearse-sync.ts) is a real one.
if (!ensurePackages(['git']).ok) {
  process.exit(1);
}
const { version, oldestNode } = readManifest();

/**
 * No debugger from the first instruction on, whatever signal arrives and whatever NODE_OPTIONS of the pod says: its port
 * would be on the loopback interface that all containers of the pod share. An address that cannot be bound keeps SIGUSR1
 * from opening it until the program listens to that signal; --disable-sigusr1 would block the signal for good, which
 * --sync-on-signal may name. src/core/process/without-debugger.ts does what can be done without these options.
 */
const WITHOUT_DEBUGGER = [
  '--inspect-port=0.0.0.1:1024',
  '--no-inspect',
  '--no-inspect-brk',
  '--no-inspect-wait',
];

/**
 * `import('./git-sync/command.ts')` in the table of commands becomes a `loadBundle` of dist/git-sync.cjs; a folder below
 * gives dist/injection-server.cjs.
 */
const entries = new Map<string, string>();
const commandBundles: Plugin = {
  name: 'command-bundles',
  setup(bundler) {
    bundler.onResolve({ filter: /^\.\/[a-z-]+(\/[a-z-]+)?\/command\.ts$/ }, ({ path }) => {
      const name = path.split('/').slice(1, -1).join('-');
      entries.set(name, path.replace('./', 'src/'));
      return { path: name, namespace: 'bundle' };
    });
    bundler.onLoad({ filter: /.*/, namespace: 'bundle' }, ({ path }) => ({
      contents: `const { loadBundle } = require('./src/core/process/load-bundle.ts');
        module.exports = loadBundle(require('node:path').join(__dirname, '../dist/${path}.cjs'));`,
      resolveDir: '.',
    }));
  },
};

/**
 * What a command needs rarely lies in a bundle of its own, too: `import('./session.lazy.ts')` in src/credentials/ becomes
 * a require of dist/credentials-session.cjs, so that a large library costs nothing until then.
 */
const lazyEntries = new Map<string, string>();
const lazyBundles: Plugin = {
  name: 'lazy-bundles',
  setup(bundler) {
    bundler.onResolve({ filter: /\.lazy\.ts$/ }, ({ path, importer, kind }) => {
      if (kind === 'entry-point') {
        return undefined;
      }
      const file = relative('.', join(dirname(importer), path));
      const name = `${file.split('/')[1]}-${basename(file, '.lazy.ts')}`;
      lazyEntries.set(name, file);
      return { path: `./${name}.cjs`, external: true };
    });
  },
};

const shared: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: `node${oldestNode}`,
  define: { PILLION_VERSION: JSON.stringify(version), PILLION_OLDEST_NODE: JSON.stringify(oldestNode) },
  legalComments: 'none',
  minifySyntax: true,
  // `import()` becomes a lazy require: loading Node's ESM loader would cost every start some milliseconds.
  supported: { 'dynamic-import': false },
  logLevel: 'warning',
  // CommonJS has no import.meta; nothing of ours uses it, and dependencies only do on their ESM side.
  logOverride: { 'empty-import-meta': 'silent' },
};

/** Made under another name and renamed, so that a build never takes the program away from somebody who runs it. */
async function bundle(entryPoint: string, outfile: string, extra: BuildOptions = {}): Promise<void> {
  const fresh = `${outfile}.new`;
  await build({ ...shared, ...extra, entryPoints: [entryPoint], outfile: fresh });
  await chmod(fresh, extra.banner ? 0o755 : 0o644);
  await rename(fresh, outfile);
}

for (const folder of ['bin', 'dist']) {
  await mkdir(folder, { recursive: true });
  // The sources are ES modules; what is built is not.
  await writeFile(`${folder}/package.json`, '{ "type": "commonjs" }\n');
}
await bundle('src/cli.ts', 'bin/pillion', {
  banner: { js: `#!/usr/bin/env -S ${MALLOC_VARIABLE}=${MALLOC_VALUE} node ${WITHOUT_DEBUGGER.join(' ')}` },
  plugins: [commandBundles],
});
const withLazy: BuildOptions = { plugins: [lazyBundles] };
await Promise.all([...entries].map(([name, entry]) => bundle(entry, `dist/${name}.cjs`, withLazy)));
await Promise.all([...lazyEntries].map(([name, entry]) => bundle(entry, `dist/${name}.cjs`)));
const names = [...entries.keys(), ...lazyEntries.keys()];
await Promise.all([...entries.keys()].map((name) => makeCodeCache(resolve('dist', `${name}.cjs`))));
const built = new Set([...names.map((name) => `${name}.cjs`), 'package.json']);
for (const name of await readdir('dist')) {
  if (!built.has(name.replace(/\.[0-9a-f]{16}\.cache$/, ''))) {
    await rm(`dist/${name}`, { recursive: true, force: true });
  }
}
console.log(`built bin/pillion ${version} with ${[...entries.keys()].join(', ')}`);
