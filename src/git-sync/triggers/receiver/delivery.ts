/** What a delivery says, in one form for all forges. Nothing here is believed before the sender has proved who it is. */
import type { IncomingHttpHeaders } from 'node:http';
import { azurePush, bitbucketPush, githubPush, gitlabPush, noPush } from './pushes.ts';

export type Source =
  | 'github'
  | 'gitlab'
  | 'gitea'
  | 'bitbucket'
  | 'azure-devops'
  /** Somebody who just asks: curl, a CI job. */
  | 'request';

/** A ref that was moved, made or deleted. */
export interface RefChange {
  /** In full, as `refs/heads/main`. */
  readonly ref: string;
  /** Hash of a commit, or of an annotated tag; undefined where there is none, or it is not told. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly isDeleted: boolean;
}

export interface Push {
  /** Addresses of the repository, as the forge writes them. */
  readonly addresses: readonly string[];
  /** The last parts of its addresses, `PROJECT/repo`, where the forge may tell no more. */
  readonly tail: string | undefined;
  /** What HEAD stands for, without `refs/heads/`; undefined where the forge does not tell. */
  readonly defaultBranch: string | undefined;
  readonly changes: readonly RefChange[];
}

export type Event =
  | ({ readonly kind: 'push' } & Push)
  /** The forge tries out whether anybody answers. */
  | { readonly kind: 'ping' }
  /** Something else, which is told in words. */
  | { readonly kind: 'other'; readonly why: string }
  /** No more is asked for than a sync. */
  | { readonly kind: 'request' }
  /** A push of which the body is longer than what is read of it. */
  | { readonly kind: 'unread-push' }
  | { readonly kind: 'malformed'; readonly why: string };

export interface Delivery {
  readonly source: Source;
  /** The same for each attempt to deliver it; shortened. */
  readonly id: string | undefined;
  readonly event: Event;
}

/** A body as far as it was kept. */
export interface Body {
  readonly bytes: Buffer;
  readonly isWhole: boolean;
}

const MAX_ID = 128;

interface Forge {
  readonly source: Source;
  /** The header that names the event, and so tells the forge. */
  readonly event: string;
  readonly ids: readonly string[];
  readonly pings: readonly string[];
  readonly pushes: readonly string[];
  readonly read: (data: unknown) => Push | undefined;
}

/** In this order: Gitea and Forgejo send the headers of GitHub and Gogs as well. */
const FORGES: readonly Forge[] = [
  ...['x-forgejo', 'x-gitea', 'x-gogs'].map(
    (prefix): Forge => ({
      source: 'gitea',
      event: `${prefix}-event`,
      ids: [`${prefix}-delivery`],
      pings: ['ping'],
      pushes: ['push'],
      read: githubPush,
    }),
  ),
  {
    source: 'gitlab',
    event: 'x-gitlab-event',
    ids: ['webhook-id', 'idempotency-key', 'x-gitlab-event-uuid'],
    pings: [],
    // A hook of the whole server has "System Hook" for all events; what its body is no push of is left alone.
    pushes: ['push hook', 'tag push hook', 'system hook'],
    read: gitlabPush,
  },
  {
    source: 'github',
    event: 'x-github-event',
    ids: ['x-github-delivery'],
    pings: ['ping'],
    pushes: ['push'],
    read: githubPush,
  },
  {
    source: 'bitbucket',
    event: 'x-event-key',
    ids: ['x-request-uuid', 'x-request-id'],
    pings: ['diagnostics:ping'],
    pushes: ['repo:push', 'repo:refs_changed'],
    read: bitbucketPush,
  },
];

const text = (headers: IncomingHttpHeaders, name: string) => {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** JSON, or the field `payload` of a form, which GitHub and Gitea can be set to. */
function parse(headers: IncomingHttpHeaders, bytes: Buffer): unknown {
  const isForm = text(headers, 'content-type')?.startsWith('application/x-www-form-urlencoded') ?? false;
  const body = bytes.toString('utf8');
  return JSON.parse(isForm ? (new URLSearchParams(body).get('payload') ?? '') : body) as unknown;
}

function readPush(forge: Forge, headers: IncomingHttpHeaders, body: Body): Event {
  if (!body.isWhole) {
    return { kind: 'unread-push' };
  }
  let data: unknown;
  try {
    data = parse(headers, body.bytes);
  } catch {
    return { kind: 'malformed', why: 'the body is no JSON' };
  }
  const push = forge.read(data);
  return push === undefined
    ? { kind: 'other', why: 'the body says nothing of a push' }
    : { kind: 'push', ...push };
}

function readForge(forge: Forge, name: string, headers: IncomingHttpHeaders, body: Body): Event {
  const event = name.toLowerCase();
  if (forge.pings.includes(event)) {
    return { kind: 'ping' };
  }
  return forge.pushes.includes(event) ? readPush(forge, headers, body) : { kind: 'other', why: noPush(name) };
}

/** Azure DevOps sends no header of its own. A body that is none of its events is that of somebody who asks for a sync. */
function withoutEventHeader({ bytes, isWhole }: Body): Delivery {
  const request: Delivery = { source: 'request', id: undefined, event: { kind: 'request' } };
  if (bytes.length === 0 || !isWhole) {
    return request;
  }
  try {
    const found = azurePush(JSON.parse(bytes.toString('utf8')));
    return found === undefined
      ? request
      : { source: 'azure-devops', id: found.id?.slice(0, MAX_ID), event: found.event };
  } catch {
    return request;
  }
}

/** What was delivered, from its headers and as much of its body as was kept. */
export function readDelivery(headers: IncomingHttpHeaders, body: Body): Delivery {
  for (const forge of FORGES) {
    const name = text(headers, forge.event);
    if (name !== undefined) {
      const id = forge.ids.map((header) => text(headers, header)).find((each) => each !== undefined);
      return {
        source: forge.source,
        id: id?.slice(0, MAX_ID),
        event: readForge(forge, name, headers, body),
      };
    }
  }
  return withoutEventHeader(body);
}
