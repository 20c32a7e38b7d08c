/**
 * What a container and a volume may hold: the part of Kubernetes' Pod API (core/v1) that a profile can use, with the
 * minor version from which a field is on by default. Compared with the API's own Go types in
 * test/cluster/policy-oracle.
 */

/** The type of a field. `int-or-string` is a port; `quantity` a text such as 128Mi. */
export type FieldType =
  | 'string'
  | 'int'
  | 'bool'
  | 'quantity'
  | 'int-or-string'
  | { readonly map: 'string' | 'quantity' }
  | { readonly list: FieldType }
  | { readonly object: string };

export interface Field {
  readonly type: FieldType;
  /** Minor version of Kubernetes 1 from which servers keep the field without a feature gate. */
  readonly since?: number;
  /** Why a profile may not use it. */
  readonly refused?: string;
}

export type Fields = Readonly<Record<string, Field>>;

const text: Field = { type: 'string' };
const number: Field = { type: 'int' };
const flag: Field = { type: 'bool' };
const texts: Field = { type: { list: 'string' } };
const object = (name: string, since?: number): Field => ({
  type: { object: name },
  ...(since === undefined ? {} : { since }),
});
const objects = (name: string): Field => ({ type: { list: { object: name } } });
const refused = (why: string): Field => ({ type: 'string', refused: why });

/** Every object by its name. */
export const OBJECTS: Readonly<Record<string, Fields>> = {
  Container: {
    name: text,
    image: text,
    command: texts,
    args: texts,
    workingDir: text,
    ports: objects('ContainerPort'),
    envFrom: objects('EnvFromSource'),
    env: objects('EnvVar'),
    resources: object('ResourceRequirements'),
    volumeMounts: objects('VolumeMount'),
    livenessProbe: object('Probe'),
    readinessProbe: object('Probe'),
    startupProbe: object('Probe'),
    lifecycle: object('Lifecycle'),
    terminationMessagePath: text,
    terminationMessagePolicy: text,
    imagePullPolicy: text,
    securityContext: object('SecurityContext'),
    restartPolicy: refused('the role of the profile (sidecar or init) decides it'),
  },
  ContainerPort: {
    name: text,
    containerPort: number,
    protocol: text,
    hostPort: refused('it takes a port of the node'),
  },
  EnvFromSource: {
    prefix: text,
    configMapRef: object('OptionalName'),
    secretRef: object('OptionalName'),
  },
  OptionalName: { name: text, optional: flag },
  EnvVar: { name: text, value: text, valueFrom: object('EnvVarSource') },
  EnvVarSource: {
    fieldRef: object('FieldRef'),
    resourceFieldRef: object('ResourceFieldRef'),
    configMapKeyRef: object('KeyRef'),
    secretKeyRef: object('KeyRef'),
    fileKeyRef: object('FileKeyRef', 37),
  },
  FieldRef: { apiVersion: text, fieldPath: text },
  ResourceFieldRef: { containerName: text, resource: text, divisor: { type: 'quantity' } },
  KeyRef: { name: text, key: text, optional: flag },
  FileKeyRef: { volumeName: text, path: text, key: text, optional: flag },
  ResourceRequirements: { limits: { type: { map: 'quantity' } }, requests: { type: { map: 'quantity' } } },
  VolumeMount: {
    name: text,
    readOnly: flag,
    recursiveReadOnly: { type: 'string', since: 31 },
    mountPath: text,
    subPath: text,
    subPathExpr: text,
  },
  Probe: {
    exec: object('ExecAction'),
    httpGet: object('HTTPGetAction'),
    tcpSocket: object('TCPSocketAction'),
    grpc: object('GRPCAction'),
    initialDelaySeconds: number,
    timeoutSeconds: number,
    periodSeconds: number,
    successThreshold: number,
    failureThreshold: number,
    terminationGracePeriodSeconds: number,
  },
  ExecAction: { command: texts },
  HTTPGetAction: {
    path: text,
    port: { type: 'int-or-string' },
    host: text,
    scheme: text,
    httpHeaders: objects('HTTPHeader'),
  },
  HTTPHeader: { name: text, value: text },
  TCPSocketAction: { port: { type: 'int-or-string' }, host: text },
  GRPCAction: { port: number, service: text },
  Lifecycle: {
    postStart: object('LifecycleHandler'),
    preStop: object('LifecycleHandler'),
  },
  LifecycleHandler: {
    exec: object('ExecAction'),
    httpGet: object('HTTPGetAction'),
    sleep: object('SleepAction', 30),
  },
  SleepAction: { seconds: number },
  SecurityContext: {
    capabilities: object('Capabilities'),
    runAsUser: number,
    runAsGroup: number,
    runAsNonRoot: flag,
    readOnlyRootFilesystem: flag,
    allowPrivilegeEscalation: flag,
    seccompProfile: object('SeccompProfile'),
    appArmorProfile: object('AppArmorProfile', 30),
    seLinuxOptions: object('SELinuxOptions'),
    privileged: refused('a privileged container owns the node'),
    procMount: refused('it unmasks /proc of the node'),
  },
  Capabilities: { add: texts, drop: texts },
  SeccompProfile: { type: text, localhostProfile: text },
  AppArmorProfile: { type: text, localhostProfile: text },
  SELinuxOptions: { user: text, role: text, type: text, level: text },
  Volume: {
    name: text,
    emptyDir: object('EmptyDir'),
    secret: object('SecretVolume'),
    configMap: object('ConfigMapVolume'),
    downwardAPI: object('DownwardAPIVolume'),
    projected: object('ProjectedVolume'),
    persistentVolumeClaim: object('ClaimVolume'),
    csi: object('CsiVolume'),
    image: object('ImageVolume', 36),
    hostPath: refused('a path of the node is no business of an injected container'),
  },
  EmptyDir: { medium: text, sizeLimit: { type: 'quantity' } },
  KeyToPath: { key: text, path: text, mode: number },
  SecretVolume: {
    secretName: text,
    items: objects('KeyToPath'),
    defaultMode: number,
    optional: flag,
  },
  ConfigMapVolume: {
    name: text,
    items: objects('KeyToPath'),
    defaultMode: number,
    optional: flag,
  },
  DownwardAPIVolume: { items: objects('DownwardAPIFile'), defaultMode: number },
  DownwardAPIFile: {
    path: text,
    fieldRef: object('FieldRef'),
    resourceFieldRef: object('ResourceFieldRef'),
    mode: number,
  },
  ProjectedVolume: { sources: objects('VolumeProjection'), defaultMode: number },
  VolumeProjection: {
    secret: object('ProjectedNamed'),
    configMap: object('ProjectedNamed'),
    downwardAPI: object('ProjectedDownwardAPI'),
    serviceAccountToken: object('ProjectedToken'),
  },
  ProjectedNamed: { name: text, items: objects('KeyToPath'), optional: flag },
  ProjectedDownwardAPI: { items: objects('DownwardAPIFile') },
  ProjectedToken: { audience: text, expirationSeconds: number, path: text },
  ClaimVolume: { claimName: text, readOnly: flag },
  CsiVolume: {
    driver: text,
    readOnly: flag,
    fsType: text,
    volumeAttributes: { type: { map: 'string' } },
    nodePublishSecretRef: object('Named'),
  },
  Named: { name: text },
  ImageVolume: { reference: text, pullPolicy: text },
};
