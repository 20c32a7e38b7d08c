import type { ProfileSource } from '../profiles/source.ts';

/** Where programs look for certificates when they do not ask the system: OpenSSL, Node, Python, curl, git, AWS. */
const REPLACING = [
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'AWS_CA_BUNDLE',
];
const FILE = '/etc/pillion/${instance}/${key}';

/** Certificates of a ConfigMap in the trust stores of the application. */
export const CA_BUNDLE: ProfileSource = {
  apiVersion: 'pillion.dev/v1',
  kind: 'InjectionProfile',
  metadata: { name: 'ca-bundle' },
  spec: {
    description: 'Certificate authorities of a ConfigMap, trusted by the application.',
    parameters: {
      configmap: {
        type: 'name',
        default: 'ca-bundle',
        description: 'ConfigMap with the certificates as PEM.',
      },
      key: {
        type: 'string',
        pattern: '[A-Za-z0-9_][A-Za-z0-9_.-]*',
        maxLength: 100,
        default: 'ca-certificates.crt',
        description: 'Key of the ConfigMap.',
      },
      mode: {
        type: 'choice',
        choices: ['replace', 'add'],
        default: 'replace',
        description:
          'replace: these certificates are all that is trusted; add: only what can be told to add them (Node).',
      },
      system: {
        type: 'boolean',
        default: false,
        description: "Also in the place of the image's own /etc/ssl/certs/ca-certificates.crt.",
      },
    },
    volumes: [{ name: 'pillion-${instance}', configMap: { name: '${configmap}' } }],
    mounts: [
      { name: 'pillion-${instance}', mountPath: '/etc/pillion/${instance}', readOnly: true },
      {
        $when: 'system',
        name: 'pillion-${instance}',
        mountPath: '/etc/ssl/certs/ca-certificates.crt',
        subPath: '${key}',
        readOnly: true,
      },
    ],
    env: [
      { name: 'NODE_EXTRA_CA_CERTS', value: FILE },
      ...REPLACING.map((name) => ({ $when: 'mode=replace', name, value: FILE })),
    ],
    into: 'all',
  },
};
