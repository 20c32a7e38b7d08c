import type { ProfileSource } from '../profiles/source.ts';

/** A label and nothing else: the smallest profile, to try an installation with. */
export const LABEL: ProfileSource = {
  apiVersion: 'pillion.dev/v1',
  kind: 'InjectionProfile',
  metadata: { name: 'label' },
  spec: {
    description: 'The label foo on the pod; a pod that has it keeps its own.',
    parameters: {
      value: {
        type: 'string',
        pattern: '[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?',
        maxLength: 63,
        default: 'bar',
        description: 'Value of the label.',
      },
    },
    labels: { foo: '${value}' },
  },
};
