import { defineOptions, option } from '../../../core/options/option.ts';
import { choice, string, strings } from '../../../core/options/value-types.ts';
import { checkName, INJECTOR_OPTIONS, MANIFEST_OPTIONS } from '../options.ts';

const { apiServer, service, webhooks, help } = INJECTOR_OPTIONS;

/** `pillion injector check`. */
export const CHECK_OPTIONS = defineOptions({
  namespace: MANIFEST_OPTIONS.namespace,
  apiServer,
  service: option({ ...service, help: 'Name of the Service in front of the webhooks.' }),
  webhooks: option({ ...webhooks, help: 'Name of the webhook configurations.' }),
  address: option({
    flag: 'address',
    type: string,
    default: '',
    defaultText: 'the Service, in a pod of the cluster',
    help: 'host:port to make a handshake with, as of kubectl port-forward.',
    check: (value) =>
      value === '' || /^(?:\[[0-9a-fA-F:.]+\]|[^:[\]]+):[0-9]{1,5}$/.test(value)
        ? undefined
        : 'must be host:port',
  }),
  tryIn: option({
    flag: 'try-in',
    type: string,
    default: 'default',
    help: 'Namespace in which a pod that asks is created as a dry run. Nothing is left of it.',
    check: checkName,
  }),
  profiles: option<readonly string[]>({
    flag: 'profiles',
    type: strings,
    default: [],
    help: 'A folder (or file) with profiles that the injector has from elsewhere than ConfigMaps; may be given again.',
  }),
  output: option<'text' | 'json'>({
    flag: 'output',
    short: 'o',
    type: choice('text', 'json'),
    default: 'text',
    help: 'json: an array of findings, {check, level, message, hint}.',
  }),
  help,
});
