/** A Deployment in Terraform, in the words of Kubernetes, so that it can be compared with one in YAML. */
import { parse } from '@cdktf/hcl2json';

/** Blocks that repeat, with the name of the list that Kubernetes has for them. */
const LISTS: Readonly<Record<string, string>> = {
  container: 'containers',
  init_container: 'initContainers',
  volume: 'volumes',
  volume_mount: 'volumeMounts',
  port: 'ports',
  env: 'env',
  items: 'items',
};

type Values = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Defaults of the variables, under the names that expressions use for them. */
function variablesOf(file: Values): Values {
  const declared = Object.entries((file['variable'] ?? {}) as Record<string, [{ default?: unknown }]>);
  return Object.fromEntries(declared.map(([name, [{ default: value }]]) => [`\${var.${name}}`, value]));
}

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

function convert(value: unknown, variables: Values, isMap = false): unknown {
  if (typeof value === 'string') {
    return Object.hasOwn(variables, value) ? variables[value] : value;
  }
  if (Array.isArray(value)) {
    return value.map((item) => convert(item, variables));
  }
  if (!isObject(value)) {
    return value;
  }
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => {
    const list = isMap ? undefined : listOf(key, inner);
    if (list !== undefined) {
      return [list, convert(inner, variables)];
    }
    // A block comes as a list of one, an argument with a map as the map.
    const isBlock = Array.isArray(inner) && inner.length === 1 && isObject(inner[0]);
    const content: unknown = isBlock ? (inner as unknown[])[0] : inner;
    return [isMap ? key : camelCase(key), convert(content, variables, isObject(inner))];
  });
  return Object.fromEntries(entries);
}

/** `port` is a block of a container, and an argument of a probe. */
function listOf(key: string, value: unknown): string | undefined {
  return Array.isArray(value) && isObject(value[0]) ? LISTS[key] : undefined;
}

/** The one resource of a kind, as Kubernetes would have it. */
export async function resourceOf(text: string, kind: string): Promise<Values> {
  const file = (await parse('main.tf', text)) as Values;
  const resources = file['resource'] as Record<string, Record<string, [Values]>>;
  const [resource] = Object.values(resources[kind] ?? {});
  return convert(resource?.[0], variablesOf(file)) as Values;
}
