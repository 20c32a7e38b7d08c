import type { Profile } from '../profiles/profile.ts';
import { profileOf } from './settings.ts';

/** A profile with a parameter of every type, and leaves, lists and conditions of every sort. */
export function everyType(): Profile {
  return profileOf({
    parameters: {
      text: { type: 'string', maxLength: 64, default: 'x' },
      word: { type: 'string', pattern: '[a-z]{1,9}' },
      name: { type: 'name', default: 'conf' },
      label: { type: 'name', label: true },
      mount: { type: 'path', default: '/own' },
      url: { type: 'url', schemes: ['https', 's3'] },
      wait: { type: 'duration', min: '1s', max: '1h', default: '5s' },
      room: { type: 'quantity', min: '1Mi', max: '4Gi', default: '64Mi' },
      user: { type: 'integer', min: 0, max: 65_535, default: 1000 },
      port: { type: 'port', default: 9000 },
      quick: { type: 'boolean', default: false },
      mode: { type: 'choice', choices: ['a', 'b-c', 'd.e'] },
    },
    phase: 'after',
    container: {
      name: 'own-${instance}',
      image: '${image}',
      command: [
        '/own',
        '--text=${text}',
        '$$HOME',
        '$(POD)',
        { $when: 'word', $value: '--word=${word}-${instance}' },
      ],
      args: [
        { $when: 'mode=a', $value: '--a' },
        { $when: ['mode!=a', 'url'], $value: '${url}' },
      ],
      workingDir: '${mount}/in',
      env: [
        { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'TEXT', value: '${text}"\\$$' },
        { $when: '!quick', name: 'SLOW', value: '${wait}' },
        { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
        { name: 'KEY', valueFrom: { secretKeyRef: { name: '${name}', key: 'k', optional: true } } },
      ],
      ports: [{ name: 'p-${port}', containerPort: '${port}', protocol: 'TCP' }],
      livenessProbe: { tcpSocket: { port: '${port}' }, periodSeconds: 5, timeoutSeconds: 2 },
      readinessProbe: {
        httpGet: { path: '/r', port: 'p-${port}', httpHeaders: [{ name: 'X-A', value: '${text}' }] },
      },
      lifecycle: { preStop: { exec: { command: ['/own', 'stop'] } } },
      resources: { limits: { memory: '${room}' } },
      securityContext: { runAsUser: '${user}', readOnlyRootFilesystem: '${quick}' },
      volumeMounts: [
        { $when: 'quick', name: 'vol-${instance}', mountPath: '/quick', subPath: 'a', readOnly: true },
        { name: 'sec-${instance}', mountPath: '/sec' },
      ],
    },
    volumes: [
      { name: 'vol-${instance}', emptyDir: {} },
      {
        name: 'sec-${instance}',
        secret: { secretName: '${name}', defaultMode: 288, items: [{ key: 'k', path: 'p', mode: 256 }] },
      },
      {
        name: 'prj-${instance}',
        projected: {
          sources: [
            { configMap: { name: '${name}', optional: true } },
            { serviceAccountToken: { path: 'token', expirationSeconds: 600, audience: '${text}' } },
            { downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } },
          ],
        },
      },
      {
        $when: 'label',
        name: 'csi-${instance}',
        csi: { driver: 'd.example', readOnly: true, volumeAttributes: { who: '${label}' } },
      },
    ],
    mounts: [
      { name: 'vol-${instance}', mountPath: '${mount}', readOnly: true },
      { $when: 'quick', name: 'data', mountPath: '${mount}/data' },
    ],
    env: [
      { name: 'OWN', value: '${text}' },
      { $when: 'mode', name: 'MODE', value: '${mode}$$' },
    ],
    into: 'all',
    labels: { own: 'yes', 'example.com/word': { $when: 'word', $value: '${word}' } },
    annotations: { 'example.com/text': '${text}' },
  });
}
