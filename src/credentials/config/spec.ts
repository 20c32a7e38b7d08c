/** What a configuration comes to. Paths are absolute, defaults are filled in; durations are milliseconds. */
import type { Endpoint } from '../model.ts';
import type { Render } from '../outputs/formats.ts';
import type { AwsRdsSourceSpec } from '../providers/aws-rds/source.ts';
import type { AzureSourceSpec } from '../providers/azure.ts';
import type { ExecSourceSpec } from '../providers/exec.ts';
import type { FileSourceSpec } from '../providers/file.ts';
import type { GcpSourceSpec } from '../providers/gcp.ts';
import type { HttpSourceSpec } from '../providers/http.ts';
import type { TlsFiles } from '../providers/request.ts';
import type { VaultSourceSpec } from '../providers/vault.ts';
import type { RefreshRules } from '../timing.ts';

export type SourceSpec =
  | ({ readonly provider: 'aws-rds' } & AwsRdsSourceSpec)
  | ({ readonly provider: 'gcp' } & GcpSourceSpec)
  | ({ readonly provider: 'azure' } & AzureSourceSpec)
  | ({ readonly provider: 'exec' } & ExecSourceSpec)
  | ({ readonly provider: 'http' } & HttpSourceSpec)
  | ({ readonly provider: 'file' } & FileSourceSpec)
  | ({ readonly provider: 'vault' } & VaultSourceSpec);

export interface OutputSpec {
  readonly format: string;
  readonly path: string;
  readonly mode: number;
  readonly render: Render;
  /** pgbouncer's version where it is configured; '' to ask the one that is reloaded. */
  readonly pgbouncerVersion: string;
  /** A userlist of others that a pgbouncer output takes in, read again each time. */
  readonly include: string | undefined;
}

/** Where a server is: a host, or the directory of a Unix socket. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface PgbouncerReload extends Address {
  readonly type: 'pgbouncer';
  /** Of the console. */
  readonly user: string;
  readonly passwordFile: string | undefined;
  readonly caFile: string | undefined;
  readonly isProved: boolean;
  /** For the proof; '' for the first that fits. */
  readonly database: string;
  readonly timeoutMs: number;
}

export interface LoginCheck extends Address {
  readonly type: 'login';
  readonly database: string;
  readonly caFile: string | undefined;
  readonly timeoutMs: number;
}

export interface SignalReload {
  readonly type: 'signal';
  readonly pidFile: string | undefined;
  /** Name of the program, as in /proc/PID/comm. */
  readonly process: string;
  readonly signal: NodeJS.Signals;
}

export interface HttpReload {
  readonly type: 'http';
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly bearerFile: string | undefined;
  readonly tls: TlsFiles;
  readonly timeoutMs: number;
}

export interface CommandReload {
  readonly type: 'command';
  readonly command: readonly string[];
  readonly timeoutMs: number;
}

export type ReloadSpec = PgbouncerReload | LoginCheck | SignalReload | HttpReload | CommandReload;

/** A login to the database itself before a credential is written anywhere. */
export interface TestLoginSpec extends Address {
  readonly database: string;
  readonly tls: { readonly caFile?: string | undefined } | undefined;
  readonly timeoutMs: number;
}

export interface CredentialSpec {
  readonly name: string;
  readonly source: SourceSpec;
  readonly endpoint: Endpoint;
  readonly outputs: readonly OutputSpec[];
  readonly reload: readonly ReloadSpec[];
  readonly testLogin: TestLoginSpec | undefined;
  /** For one question to the source. */
  readonly timeoutMs: number;
  readonly rules: RefreshRules;
}
