/** Which proxy a URL goes through: the rules of Go's golang.org/x/net/http/httpproxy, which users' settings follow. */
import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { httpFailure } from './failure.ts';
import type { Environment } from './types.ts';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** The host without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

export function portOf(url: URL): string {
  return url.port || (DEFAULT_PORTS[url.protocol] ?? '');
}

function parse(value: string): URL | undefined {
  try {
    const url = new URL(value);
    return url.hostname === '' ? undefined : url;
  } catch {
    return undefined;
  }
}

function proxySetting(url: URL, env: Environment): string {
  if (url.protocol === 'https:') {
    return env.HTTPS_PROXY || env.https_proxy || '';
  }
  // In a CGI program HTTP_PROXY is a header of the request: the visitor would choose our proxy (httpoxy).
  const upper = env.REQUEST_METHOD ? '' : env.HTTP_PROXY;
  return upper || env.http_proxy || '';
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

/** An IPv4 address is also in networks of its mapped form (::ffff:0:0/96), but in no wider one. */
function inSubnet(address: string, network: string, prefix: number): boolean {
  if (isIP(address) === 4 && isIP(network) === 6 && prefix < 96) {
    return false;
  }
  const list = new BlockList();
  list.addSubnet(network, prefix, family(network));
  return list.check(address, family(address));
}

function isLoopback(host: string): boolean {
  if (isIP(host) === 0) {
    return host === 'localhost';
  }
  return inSubnet(host, '127.0.0.0', 8) || inSubnet(host, '::1', 128);
}

/** `10.0.0.0/8`: whether the target is in it, or undefined if the entry is not a network. */
function matchesNetwork(entry: string, host: string): boolean | undefined {
  const [network = '', prefix = ''] = entry.split('/');
  const longest = { 0: -1, 4: 32, 6: 128 }[isIP(network)] ?? -1;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > longest) {
    return undefined;
  }
  return isIP(host) !== 0 && inSubnet(host, network, Number(prefix));
}

function splitPort(entry: string): { host: string; port: string } {
  if (isIP(entry) === 6) {
    return { host: entry, port: '' };
  }
  const found = /^(?:\[([^\]]*)\]|([^:]*)):([^:]*)$/.exec(entry);
  return found ? { host: found[1] ?? found[2] ?? '', port: found[3] ?? '' } : { host: entry, port: '' };
}

function sameAddress(left: string, right: string): boolean {
  return isIP(right) !== 0 && inSubnet(left, right, isIP(right) === 6 ? 128 : 32);
}

/** `name` and `*.name` and `.name`: the last two stand for what is below the name only. */
function matchesDomain(entry: string, host: string): boolean {
  const below = /^\*?\./.exec(entry)?.[0] ?? '';
  const rest = entry.slice(below.length);
  const name = /^[\u0021-\u007e]*$/.test(rest) ? rest : domainToASCII(rest);
  return host.endsWith(`.${name}`) || (below === '' && host === name);
}

function matchesEntry(entry: string, host: string, port: string): boolean {
  const network = matchesNetwork(entry, host);
  if (network !== undefined) {
    return network;
  }
  const wanted = splitPort(entry);
  if (wanted.host === '' || (wanted.port !== '' && wanted.port !== port)) {
    return false;
  }
  if (isIP(wanted.host) !== 0) {
    return isIP(host) !== 0 && sameAddress(host, wanted.host);
  }
  return isIP(host) === 0 && matchesDomain(wanted.host, host);
}

/** Whether NO_PROXY (comma-separated: `*`, domain, `.sub.domain`, address, network, each with `:port` or not) names it. */
function isExempt(url: URL, noProxy: string): boolean {
  const [host, port] = [hostOf(url), portOf(url)];
  const entries = noProxy.split(',').map((entry) => entry.trim().toLowerCase());
  return entries.some((entry) => entry === '*' || (entry !== '' && matchesEntry(entry, host, port)));
}

/**
 * The proxy for a URL, or undefined for a direct connection. Loopback targets never have one.
 * @throws PillionError `http_failed` for a proxy that is neither http nor https
 */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const setting = proxySetting(url, env);
  // A setting without a scheme (`proxy:3128`) is an http proxy; one that is no URL at all is ignored, as in Go.
  const proxy = setting === '' ? undefined : (parse(setting) ?? parse(`http://${setting}`));
  if (proxy === undefined || isLoopback(hostOf(url)) || isExempt(url, env.NO_PROXY || env.no_proxy || '')) {
    return undefined;
  }
  if (DEFAULT_PORTS[proxy.protocol] === undefined) {
    throw httpFailure({
      reason: 'settings',
      url,
      why: `proxies of the kind ${proxy.protocol}// are not supported`,
      hint: 'set HTTP_PROXY and HTTPS_PROXY to an http:// or https:// proxy, or exempt the host with NO_PROXY',
    });
  }
  return proxy;
}
