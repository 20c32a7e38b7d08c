import { imageUnderTest } from './environment.ts';

/** A user that no image knows. */
export const UNKNOWN_UID = 12_345;

/** What the level "restricted" of Pod Security asks of a container, and a read-only root filesystem. */
export const restrictedContainer = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} as const;

const restrictedUser = {
  runAsNonRoot: true,
  runAsUser: UNKNOWN_UID,
  runAsGroup: UNKNOWN_UID,
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

export interface RestrictedPod {
  readonly name: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}

/** A pod that runs the image under test once, with the least rights there are. */
export function restrictedPod({ name, command, args }: RestrictedPod) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      securityContext: restrictedUser,
      containers: [
        {
          name: 'main',
          image: imageUnderTest(),
          imagePullPolicy: 'Never',
          securityContext: restrictedContainer,
          ...(command ? { command } : {}),
          ...(args ? { args } : {}),
        },
      ],
    },
  };
}
