import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { ProgramResult } from '../../support/run-program.ts';
import { fromApi } from './api.ts';
import { diagnose } from './diagnosis.ts';
import { type Input, kubectl, tryInside } from './kubectl.ts';

export interface NamespaceOptions {
  /** The level of Pod Security that is enforced. Default: privileged, as in a new cluster. */
  readonly podSecurity?: 'privileged' | 'baseline' | 'restricted';
}

export interface WaitForOptions {
  /** As `kubectl wait --for` takes it: `condition=Ready`, `jsonpath={.status.phase}=Succeeded`, `delete`. */
  readonly until: string;
  /** Seconds; generous, because they only bound a failing test. Default 180. */
  readonly timeoutSeconds?: number;
}

/** A namespace of one test file, and what tests do in it. */
export class TestNamespace {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  async kubectl(args: readonly string[], input: Input = ''): Promise<string> {
    return kubectl(['--namespace', this.name, ...args], input);
  }

  /** Applies YAML, or objects as they are. */
  async apply(manifest: string | readonly object[]): Promise<void> {
    const text =
      typeof manifest === 'string'
        ? manifest
        : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifest });
    await this.kubectl(['apply', '--filename=-'], text);
  }

  /** Waits for a condition of `kind/name`; a failure tells all that the cluster knows. */
  async waitFor(resource: string, { until, timeoutSeconds = 180 }: WaitForOptions): Promise<void> {
    const wait = [
      '--namespace',
      this.name,
      'wait',
      resource,
      `--for=${until}`,
      `--timeout=${timeoutSeconds}s`,
    ];
    const { code, stderr } = await tryInside(['kubectl', ...wait]);
    if (code !== 0) {
      throw new Error(`${resource} did not reach ${until}: ${stderr}\n${await diagnose(this.name)}`);
    }
  }

  /** A value of `kind/name` by a JSONPath without braces: `.status.podIP`. */
  async get(resource: string, path: string): Promise<string> {
    return this.kubectl(['get', resource, `--output=jsonpath={${path}}`]);
  }

  /** Of its container that runs or has ended, or of the one before it. */
  async logs(pod: string, container?: string, { isPrevious = false } = {}): Promise<string> {
    const which = new URLSearchParams({ ...(container && { container }), previous: String(isPrevious) });
    const text = await fromApi(`/api/v1/namespaces/${this.name}/pods/${pod}/log?${which}`);
    return text.trimEnd();
  }

  /** Runs a command in a container; it must succeed. */
  async exec(pod: string, container: string, command: readonly string[]): Promise<string> {
    return this.kubectl(['exec', pod, '--container', container, '--', ...command]);
  }

  async tryExec(pod: string, container: string, command: readonly string[]): Promise<ProgramResult> {
    return tryInside([
      'kubectl',
      '--namespace',
      this.name,
      'exec',
      pod,
      '--container',
      container,
      '--',
      ...command,
    ]);
  }
}

async function create(name: string, { podSecurity = 'privileged' }: NamespaceOptions): Promise<void> {
  const labels = { 'pod-security.kubernetes.io/enforce': podSecurity };
  await kubectl(
    ['create', '--filename=-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }),
  );
  // A pod that comes before the namespace's account is refused.
  await kubectl(['--namespace', name, 'wait', 'serviceaccount/default', '--for=create', '--timeout=120s']);
}

/** A namespace for the tests of this file: made before them, removed after them, told about when one of them fails. */
export function useNamespace(prefix: string, options: NamespaceOptions = {}): TestNamespace {
  const namespace = new TestNamespace(`${prefix}-${randomBytes(3).toString('hex')}`);
  beforeAll(async () => {
    await create(namespace.name, options);
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(async () => {
      console.error(await diagnose(namespace.name));
    });
  });
  afterAll(async () => {
    await kubectl(['delete', 'namespace', namespace.name, '--wait=false']);
  });
  return namespace;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A GET from the node: to the address of a pod or a Service. A status of 0 means that there was no answer. */
export async function httpGet(url: string): Promise<Answer> {
  const flags = ['--silent', '--max-time', '20', '--write-out', '\n%{http_code}'];
  const { stdout } = await tryInside(['curl', ...flags, url]);
  const split = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(split + 1)), body: stdout.slice(0, split) };
}
