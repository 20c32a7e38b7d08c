import { tryInside } from './kubectl.ts';

const LOG_LINES = 60;

async function say(title: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await tryInside(['kubectl', ...args]);
  const text = `${stdout}${stderr}`.trim();
  return text && `--- ${title}\n${text}\n`;
}

/** pod: as in "pod/name". */
async function logsOfPod(namespace: string, pod: string): Promise<string[]> {
  const containers = await tryInside([
    'kubectl',
    '--namespace',
    namespace,
    'get',
    pod,
    '--output=jsonpath={.spec.initContainers[*].name} {.spec.containers[*].name}',
  ]);
  const names = containers.stdout.split(/\s+/).filter(Boolean);
  return Promise.all(
    names.map(async (name) =>
      say(`logs ${pod} ${name}`, [
        '--namespace',
        namespace,
        'logs',
        pod,
        '--container',
        name,
        `--tail=${LOG_LINES}`,
      ]),
    ),
  );
}

/** What somebody needs who was not there when a test failed: events, pods described, the last lines of every log. */
export async function diagnose(namespace: string): Promise<string> {
  const inNamespace = ['--namespace', namespace];
  const pods = await tryInside(['kubectl', ...inNamespace, 'get', 'pods', '--output=name']);
  const names = pods.stdout.split('\n').filter(Boolean);
  const parts = await Promise.all([
    say('pods', [...inNamespace, 'get', 'pods', '--output=wide']),
    say('events', [...inNamespace, 'get', 'events', '--sort-by=.metadata.creationTimestamp']),
    say('describe', [...inNamespace, 'describe', 'pods']),
    ...names.map(async (name) => (await logsOfPod(namespace, name)).join('')),
  ]);
  return `=== namespace ${namespace}\n${parts.join('')}`;
}
