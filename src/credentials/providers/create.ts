import type { Clock } from '../../core/clock.ts';
import type { SourceSpec } from '../config/spec.ts';
import type { RunHelper } from '../helper/run-helper.ts';
import type { Source } from '../model.ts';
import { awsRdsSource } from './aws-rds/source.ts';
import { azureSource } from './azure.ts';
import { execSource } from './exec.ts';
import { fileSource } from './file.ts';
import { gcpSource } from './gcp.ts';
import { httpSource } from './http.ts';
import type { SourceContext } from './source.ts';
import { vaultSource } from './vault.ts';

export interface CreateContext extends SourceContext {
  readonly clock: Clock;
  readonly runHelper: RunHelper;
}

/** The source that a configuration describes. */
export function createSource(spec: SourceSpec, context: CreateContext): Source {
  switch (spec.provider) {
    case 'aws-rds':
      return awsRdsSource(spec, context, (request, signal) =>
        context.runHelper('rds-token', request, signal),
      );
    case 'gcp':
      return gcpSource(spec, context);
    case 'azure':
      return azureSource(spec, context);
    case 'exec':
      return execSource(spec, context);
    case 'http':
      return httpSource(spec, context);
    case 'file':
      return fileSource(spec, context, context.clock);
    default:
      return vaultSource(spec, context);
  }
}
