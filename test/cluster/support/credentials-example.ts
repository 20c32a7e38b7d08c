/** The Deployments of examples/003-credentials, side by side in one namespace, and what is seen of them. */
import { parseAllDocuments } from 'yaml';
import { runPillion } from '../../support/pillion.ts';
import { imageUnderTest } from './environment.ts';
import { exampleManifest, replaced } from './examples.ts';
import type { DatabaseImages } from './images.ts';
import { httpGet, type TestNamespace } from './namespace.ts';
import { RDS_HOST } from './rds.ts';
import { type PodSpec, withWebIdentity } from './web-identity.ts';
import { type PodState, podsOf } from './workloads.ts';

export interface Variant {
  /** Of the Deployment, its service account and its pods' label. */
  readonly name: string;
  readonly file: 'manifest.yaml' | 'one-time.yaml' | 'annotated.yaml';
  /** Of the database. */
  readonly user: string;
  /** Default: the one that the manifests have. */
  readonly host?: string;
  readonly replicas?: number;
  /** Left to the injector of the cluster, and to the one that gives identities; otherwise `pillion inject` does it here. */
  readonly isLeftAlone?: boolean;
  /** Changes to credentials.yaml: texts that must be there, and what stands for them. */
  readonly changes?: Readonly<Record<string, string>>;
}

interface Document {
  readonly kind: string;
  readonly metadata: object;
}
interface ConfigMap extends Document {
  readonly data: Readonly<Record<string, string>>;
}
interface Deployment extends Document {
  readonly spec: { readonly template: { readonly metadata: object; readonly spec: PodSpec } };
}

const FOLDER = '003-credentials';

async function documentsOf(file: string, images: DatabaseImages, host: string): Promise<Document[]> {
  const text = await exampleManifest(`${FOLDER}/${file}`, {
    'registry.example/pillion:0.1.0': imageUnderTest(),
    'registry.example/pgbouncer:1.26.1': images.pgbouncer,
    'registry.example/django:latest': images.django,
  });
  return parseAllDocuments(text.replaceAll(RDS_HOST, host)).map((document) => document.toJS() as Document);
}

function oneOf(documents: readonly Document[], kind: string): Document {
  const found = documents.find((document) => document.kind === kind);
  if (found === undefined) {
    throw new Error(`there is no ${kind}`);
  }
  return found;
}

/** As the example has it, but for names, the database's user, and connections that end after two seconds. */
function configMap({ data, ...rest }: ConfigMap, { name, user, changes = {} }: Variant): object {
  const { 'credentials.yaml': credentials = '', 'pgbouncer.ini': ini = '' } = data;
  return {
    ...rest,
    metadata: { name: `${name}-database` },
    data: {
      // Lives are minutes there and seconds here.
      'credentials.yaml': replaced(credentials.replaceAll('app_iam', user), {
        'provider: aws-rds': 'provider: aws-rds\n    min-interval: 1s',
        ...changes,
      }),
      'pgbouncer.ini': replaced(ini.replaceAll('app_iam', user), {
        'pool_mode = transaction': 'pool_mode = transaction\nserver_lifetime = 2',
      }),
    },
  };
}

function deployment({ spec, ...rest }: Deployment, { name, user, replicas = 1 }: Variant): Deployment {
  const { template } = spec;
  const labels = { app: name };
  const volumes = (template.spec.volumes ?? []).map((volume) =>
    'name' in volume && volume.name === 'database'
      ? { name: 'database', configMap: { name: `${name}-database` } }
      : volume,
  );
  const text = JSON.stringify(template.metadata).replaceAll('app_iam', user);
  const metadata = { ...(JSON.parse(text) as object), labels };
  const pod = { ...template.spec, serviceAccountName: name, volumes };
  const content = { ...spec, replicas, selector: { matchLabels: labels }, template: { metadata, spec: pod } };
  return { ...rest, metadata: { name, labels }, spec: content };
}

/** What `pillion inject` makes of it. */
async function injected(document: Deployment): Promise<Deployment> {
  const flags = ['-o', 'json', '--image', imageUnderTest()];
  const { code, stdout, stderr } = await runPillion(['inject', ...flags], {
    input: JSON.stringify(document),
  });
  if (code !== 0) {
    throw new Error(`pillion inject: ${stderr}`);
  }
  return JSON.parse(stdout) as Deployment;
}

/** With its sidecar, and with the token of its service account in every container. */
async function complete(plain: Deployment, { file }: Variant): Promise<Deployment> {
  const ready = file === 'annotated.yaml' ? await injected(plain) : plain;
  const { template } = ready.spec;
  return {
    ...ready,
    spec: { ...ready.spec, template: { ...template, spec: withWebIdentity(template.spec) } },
  };
}

/** Everything that a variant needs, with a role for its service account. */
export async function variantObjects(variant: Variant, images: DatabaseImages): Promise<object[]> {
  const { host = RDS_HOST } = variant;
  const own = await documentsOf(variant.file, images, host);
  const base = await documentsOf('manifest.yaml', images, host);
  const plain = deployment(oneOf(own, 'Deployment') as Deployment, variant);
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: variant.name } },
    configMap(oneOf(base, 'ConfigMap') as ConfigMap, variant),
    variant.isLeftAlone === true ? plain : await complete(plain, variant),
  ];
}

/** The pods of a variant that are not on their way out. */
export async function podsOfVariant(namespace: TestNamespace, { name }: Variant): Promise<PodState[]> {
  return (await podsOf(namespace, name)).filter(({ isEnding }) => !isEnding);
}

/** Value of `pillion_credentials_level`; NaN when it does not answer. */
export async function levelOf({ ip }: PodState): Promise<number> {
  const { body } = await httpGet(`http://${ip}:9102/metrics`);
  return Number(/^pillion_credentials_level\{.*\} (\d)$/m.exec(body)?.[1]);
}

/** What the application said: `served N` for each connection, `failed WHY` for each that could not be had or broke. */
export async function saidBy(namespace: TestNamespace, { name }: PodState): Promise<string[]> {
  return (await namespace.logs(name, 'django')).split('\n').filter(Boolean);
}

export const hasFailed = (line: string): boolean => line.startsWith('failed');
export const hasServed = (line: string): boolean => line.startsWith('served');
