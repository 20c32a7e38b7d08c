/** Pods that ask, as the tests of the injector and of the policies make them: under the restricted level. */
import { imageUnderTest } from './environment.ts';

/** The name of the git server of tests that have the injector or its policies. */
export const HOST = 'git.example.net';

/** A repository of the git server of these tests, by SSH, and the label. */
export const ASKS_FOR_PAGES = {
  'pillion.dev/inject': 'git-sync, label',
  'pillion.dev/git-sync.repo': `git@${HOST}:foo/pages.git`,
  'pillion.dev/git-sync.ref': 'master',
  'pillion.dev/git-sync.secret': 'pages-ssh',
  'pillion.dev/git-sync.auth': 'ssh',
  'pillion.dev/git-sync.mount': '/pages',
};

export const podSpec = (command: readonly string[], restartPolicy: string) => ({
  restartPolicy,
  terminationGracePeriodSeconds: 1,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 12_345,
    fsGroup: 12_345,
    seccompProfile: { type: 'RuntimeDefault' },
  },
  containers: [
    {
      name: 'web',
      image: imageUnderTest(),
      imagePullPolicy: 'Never',
      command,
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    },
  ],
});

export const deployment = (name: string, annotations: object) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name }, annotations },
      spec: podSpec(['sleep', 'infinity'], 'Always'),
    },
  },
});

export const pod = (name: string, annotations: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, annotations },
  spec: podSpec(['sleep', 'infinity'], 'Never'),
});

/** Prints the page that git-sync brings, and ends. */
export const job = (name: string, annotations: object) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name },
  spec: {
    backoffLimit: 0,
    template: { metadata: { annotations }, spec: podSpec(['cat', '/pages/current/index.html'], 'Never') },
  },
});
