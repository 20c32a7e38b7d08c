/** What the API server trusts: the caBundle of every entry of our webhook configurations. */
import { type ApiAnswer, type ApiClient } from '../../../kubernetes/client.ts';
import { listAt, textAt } from '../../../kubernetes/json.ts';
import { refuse } from '../../../kubernetes/refuse.ts';

const GROUP = '/apis/admissionregistration.k8s.io/v1';
const KINDS = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'] as const;

/**
 * Puts the bundle into every entry that has another one, as after an upgrade by Helm or GitOps, and tells what every
 * entry has then. A configuration that is not there counts as none.
 */
export async function publishBundle(
  client: ApiClient,
  name: string,
  bundle: string,
  signal: AbortSignal,
): Promise<string[]> {
  const published: string[] = [];
  for (const kind of KINDS) {
    const path = `${GROUP}/${kind}/${name}`;
    const found = await client.call({ method: 'GET', path, signal });
    if (found.status !== 404) {
      published.push(...(await publishTo(client, { path, found, bundle }, signal)));
    }
  }
  return published;
}

interface Place {
  readonly path: string;
  readonly found: ApiAnswer;
  readonly bundle: string;
}

async function publishTo(
  client: ApiClient,
  { path, found, bundle }: Place,
  signal: AbortSignal,
): Promise<string[]> {
  const encoded = Buffer.from(bundle, 'utf8').toString('base64');
  const entries = entriesOf(found, path);
  const operations = entries.flatMap(({ name, caBundle }, at) =>
    caBundle === encoded
      ? []
      : [
          // Somebody may have reordered the entries since.
          { op: 'test', path: `/webhooks/${at}/name`, value: name },
          { op: 'add', path: `/webhooks/${at}/clientConfig/caBundle`, value: encoded },
        ],
  );
  if (operations.length === 0) {
    return entries.map(decoded);
  }
  const answer = await client.call({ method: 'PATCH', path, body: operations, signal });
  // 409 and 422: changed by somebody else meanwhile. What is there now is looked at the next time.
  return answer.status === 409 || answer.status === 422
    ? entries.map(decoded)
    : entriesOf(answer, path).map(decoded);
}

interface Entry {
  readonly name: string;
  readonly caBundle: string;
}

function entriesOf(answer: ApiAnswer, path: string): Entry[] {
  if (answer.status !== 200) {
    refuse(`read or change ${path}`, answer);
  }
  return listAt(answer.json, 'webhooks').map((entry) => ({
    name: textAt(entry, 'name') ?? '',
    caBundle: textAt(entry, 'clientConfig', 'caBundle') ?? '',
  }));
}

const decoded = ({ caBundle }: Entry): string => Buffer.from(caBundle, 'base64').toString('utf8');
