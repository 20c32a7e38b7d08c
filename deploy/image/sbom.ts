// Prints what is in the image as SPDX 2.3: Debian's packages from dpkg's database, npm's from the lock file, and Node.
// Run inside the image's build by its own Node: `sbom.ts VERSION EPOCH_SECONDS LOCK_FILE`.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

interface Part {
  readonly name: string;
  readonly version: string;
  /** A package URL: https://github.com/package-url/purl-spec */
  readonly url: string;
  readonly license: string;
}

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

type Locked = Readonly<Record<string, LockedPackage>>;

const UNKNOWN = 'NOASSERTION';

function debianParts(): Part[] {
  const format = '${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\n';
  return execFileSync('dpkg-query', ['--show', `--showformat=${format}`], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([status = '']) => status.startsWith('ii'))
    .map(([, name = '', version = '', architecture = '']) => ({
      name,
      version,
      url: `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`,
      license: UNKNOWN,
    }));
}

/** Where Node finds `name` from the package at `path`: in its own node_modules, or in one further up. */
function locate(locked: Locked, path: string, name: string): string {
  const own = `${path ? `${path}/` : ''}node_modules/${name}`;
  if (own in locked || path === '') {
    return own;
  }
  return locate(locked, path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/'))), name);
}

/** What the bundles are made of: the dependencies, and theirs; not the tools that only the repository needs. */
function bundled(locked: Locked, path = '', found: Set<string> = new Set()): ReadonlySet<string> {
  for (const name of Object.keys(locked[path]?.dependencies ?? {})) {
    const place = locate(locked, path, name);
    if (!found.has(place)) {
      found.add(place);
      bundled(locked, place, found);
    }
  }
  return found;
}

function npmParts(lockFile: string): Part[] {
  const locked = (JSON.parse(readFileSync(lockFile, 'utf8')) as { readonly packages: Locked }).packages;
  return [...bundled(locked)].map((path) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const { version = '', license = UNKNOWN } = locked[path] ?? {};
    return { name, version, url: `pkg:npm/${name.replace('@', '%40')}@${version}`, license };
  });
}

function generic(name: string, version: string, license: string): Part {
  return { name, version, url: `pkg:generic/${name}@${version}`, license };
}

function spdxPackage(part: Part, index: number) {
  return {
    SPDXID: `SPDXRef-Package-${index}`,
    name: part.name,
    versionInfo: part.version,
    downloadLocation: UNKNOWN,
    filesAnalyzed: false,
    licenseConcluded: UNKNOWN,
    licenseDeclared: part.license,
    copyrightText: UNKNOWN,
    externalRefs: [
      { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: part.url },
    ],
  };
}

/** The first part is what the document describes; it contains the others. */
function spdxDocument(version: string, epochSeconds: string, parts: readonly Part[]) {
  const packages = parts.map(spdxPackage);
  const created = new Date(Number(epochSeconds) * 1000).toISOString().replace('.000Z', 'Z');
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `pillion-${version}`,
    documentNamespace: `https://spdx.org/spdxdocs/pillion-${version}-${epochSeconds}`,
    creationInfo: { created, creators: ['Tool: pillion deploy/image/sbom.ts'] },
    packages,
    relationships: packages.map(({ SPDXID }, index) => ({
      spdxElementId: index === 0 ? 'SPDXRef-DOCUMENT' : 'SPDXRef-Package-0',
      relationshipType: index === 0 ? 'DESCRIBES' : 'CONTAINS',
      relatedSpdxElement: SPDXID,
    })),
  };
}

const [version = '', epochSeconds = '', lockFile = ''] = process.argv.slice(2);
const parts = [
  generic('pillion', version, 'Apache-2.0'),
  generic('node', process.versions.node, 'MIT'),
  ...npmParts(lockFile),
  ...debianParts(),
];
process.stdout.write(`${JSON.stringify(spdxDocument(version, epochSeconds, parts))}\n`);
