/** Findings about a pod that is created in words only: the API server asks the injector through its Service. Pure. */
import { type Json, memberAt, textAt } from '../../../kubernetes/json.ts';
import { ASK } from '../../annotations.ts';
import { sentence } from '../../text.ts';
import type { Finding } from './finding.ts';

export interface Rehearsal {
  readonly status: number;
  readonly json: Json;
  readonly milliseconds: number;
  readonly namespace: string;
}

/** A webhook that takes longer is felt by everybody who makes pods. */
const SLOW_MS = 1_000;

/** A pod that asks for the built-in profile `label` and passes the level "restricted". */
export function rehearsalPod(image: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'pillion-injector-check-', annotations: { [ASK]: 'label' } },
    spec: {
      securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'check',
          image,
          resources: { requests: { cpu: '1m', memory: '1Mi' }, limits: { cpu: '1', memory: '32Mi' } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}

export function rehearsalFindings({ status, json, milliseconds, namespace }: Rehearsal): Finding[] {
  const check = 'reachability';
  const took = `${Math.round(milliseconds)} ms`;
  const message = textAt(json, 'message') ?? '';
  if (status === 201 && memberAt(json, 'metadata', 'labels', 'foo') !== undefined) {
    return [
      milliseconds > SLOW_MS
        ? {
            check,
            level: 'warning',
            message: `a pod that asks was changed, but took ${took}`,
            hint: 'look at pillion_injector_review_duration_seconds',
          }
        : {
            check,
            level: 'ok',
            message: `the API server reaches the injector: a pod that asks was changed in ${took}`,
          },
    ];
  }
  if (status === 201) {
    const bare = `a pod that asks came out bare in ${namespace}: it was not sent, or failurePolicy is Ignore and nobody answered`;
    const hint = 'look at webhooks and replicas here, and at the log of the API server';
    return [{ check, level: 'failed', message: bare, hint }];
  }
  if (message.includes('failed calling webhook')) {
    return [
      {
        check,
        level: 'failed',
        message: `the API server does not reach it: ${short(message)}`,
        hint: hintFor(message),
      },
    ];
  }
  const hint = 'name another namespace with --try-in, one in which you may create pods';
  return [
    {
      check,
      level: 'warning',
      message: `could not be tried in ${namespace}: ${status} ${short(message)}`,
      hint,
    },
  ];
}

const short = (message: string) => sentence(message, 300);

function hintFor(message: string): string {
  if (message.includes('x509')) {
    return 'see bundle and certificate here';
  }
  if (message.includes('no endpoints') || message.includes('connection refused')) {
    return 'see replicas here';
  }
  return message.includes('deadline') || message.includes('timeout')
    ? 'a firewall or network policy may keep the API server from port 8443 of the pods'
    : 'see replicas here, and the log of the injector';
}
