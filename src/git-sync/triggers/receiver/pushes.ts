/** The pushes of each forge, from the bodies that their documentation describes. */
import { isFullHash } from '../../../git/object-name.ts';
import type { Event, Push, RefChange } from './delivery.ts';
import { listAt, textAt, textsAt } from './json.ts';

const LONGEST_NAME = 128;

/** Why an event is left alone. */
export const noPush = (event: string) =>
  `the event ${event.slice(0, LONGEST_NAME)} starts no sync: a push does`;

/** A ref that is not there has a hash of zeros. */
const isNone = (hash: string | undefined) => hash === undefined || /^0+$/.test(hash);

function hashOf(text: string | undefined): string | undefined {
  const hash = text?.toLowerCase();
  return hash !== undefined && isFullHash(hash) && !isNone(hash) ? hash : undefined;
}

function change(ref: string, before: string | undefined, after: string | undefined): RefChange {
  return { ref, before: hashOf(before), after: hashOf(after), isDeleted: isNone(after) };
}

/** GitHub, Gitea, Forgejo, Gogs: the event `push`. */
export function githubPush(data: unknown): Push | undefined {
  const ref = textAt(data, 'ref');
  if (ref === undefined) {
    return undefined;
  }
  return {
    addresses: textsAt(
      data,
      ['clone_url', 'ssh_url', 'git_url', 'html_url'].map((key) => ['repository', key]),
    ),
    tail: undefined,
    defaultBranch: textAt(data, 'repository', 'default_branch'),
    changes: [change(ref, textAt(data, 'before'), textAt(data, 'after'))],
  };
}

/** GitLab: `push` and `tag_push`, from a hook of a project, a group or the server. */
export function gitlabPush(data: unknown): Push | undefined {
  const ref = textAt(data, 'ref');
  const kind = textAt(data, 'object_kind') ?? textAt(data, 'event_name');
  if (ref === undefined || (kind !== 'push' && kind !== 'tag_push')) {
    return undefined;
  }
  const keys = ['git_http_url', 'git_ssh_url', 'http_url', 'ssh_url', 'web_url', 'homepage'];
  const paths = ['project', 'repository'].flatMap((of) => keys.map((key) => [of, key]));
  return {
    addresses: textsAt(data, paths),
    tail: undefined,
    defaultBranch: textAt(data, 'project', 'default_branch'),
    changes: [change(ref, textAt(data, 'before'), textAt(data, 'after'))],
  };
}

/** Bitbucket Cloud has `push.changes`, Bitbucket Data Center `changes`. */
export function bitbucketPush(data: unknown): Push | undefined {
  const cloud = listAt(data, 'push', 'changes');
  if (cloud.length > 0) {
    return {
      addresses: textsAt(data, [['repository', 'links', 'html', 'href']]),
      tail: undefined,
      defaultBranch: textAt(data, 'repository', 'mainbranch', 'name'),
      changes: cloud.flatMap((each) => cloudChange(each) ?? []),
    };
  }
  const changes = listAt(data, 'changes').flatMap((each) => {
    const ref = textAt(each, 'refId') ?? textAt(each, 'ref', 'id');
    return ref === undefined ? [] : change(ref, textAt(each, 'fromHash'), textAt(each, 'toHash'));
  });
  const [project, slug] = [textAt(data, 'repository', 'project', 'key'), textAt(data, 'repository', 'slug')];
  if (changes.length === 0) {
    return undefined;
  }
  return {
    addresses: listAt(data, 'repository', 'links', 'clone').flatMap((link) => textAt(link, 'href') ?? []),
    tail: project === undefined || slug === undefined ? undefined : `${project}/${slug}`,
    defaultBranch: undefined,
    changes,
  };
}

function cloudChange(data: unknown): RefChange | undefined {
  const name = textAt(data, 'new', 'name') ?? textAt(data, 'old', 'name');
  const type = textAt(data, 'new', 'type') ?? textAt(data, 'old', 'type');
  if (name === undefined) {
    return undefined;
  }
  const ref = `refs/${type === 'tag' ? 'tags' : 'heads'}/${name}`;
  return change(ref, textAt(data, 'old', 'target', 'hash'), textAt(data, 'new', 'target', 'hash'));
}

/** Azure DevOps: the event `git.push` of a service hook; undefined for what is no event of it. */
export function azurePush(
  data: unknown,
): { readonly id: string | undefined; readonly event: Event } | undefined {
  const name = textAt(data, 'eventType');
  if (name === undefined || textAt(data, 'publisherId') === undefined) {
    return undefined;
  }
  const id = textAt(data, 'id');
  if (name !== 'git.push') {
    return { id, event: { kind: 'other', why: noPush(name) } };
  }
  const changes = listAt(data, 'resource', 'refUpdates').flatMap((each) => {
    const ref = textAt(each, 'name');
    return ref === undefined ? [] : change(ref, textAt(each, 'oldObjectId'), textAt(each, 'newObjectId'));
  });
  const branch = textAt(data, 'resource', 'repository', 'defaultBranch');
  return {
    id,
    event: {
      kind: 'push',
      addresses: textsAt(
        data,
        ['remoteUrl', 'sshUrl', 'webUrl'].map((key) => ['resource', 'repository', key]),
      ),
      tail: undefined,
      defaultBranch: branch?.startsWith('refs/heads/') ? branch.slice('refs/heads/'.length) : branch,
      changes,
    },
  };
}
