import { PacelineError } from './errors.ts';

/** Where a member listens: a host name or an IP address (IPv6 without brackets), and a TCP port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const PORT_MAX = 65535;

/**
 * Reads `host:port`; an IPv6 address stands in brackets, `[::1]:7000`. Port 0 means "any free one"
 * and makes sense for listening only. Throws OPTIONS_INVALID.
 */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([^\s:[\]/@]+)):(\d{1,5})$/.exec(text);
  if (match === null) throw invalid(text, 'it is not host:port');
  const port = Number(match[3]);
  if (port > PORT_MAX) throw invalid(text, `the port is above ${PORT_MAX}`);
  const ipv6 = match[1];
  if (ipv6 !== undefined && !ipv6.includes(':')) throw invalid(text, 'only IPv6 goes in brackets');
  return { host: ipv6 ?? match[2]!, port };
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function invalid(text: string, why: string): PacelineError {
  const form = 'write host:port, for example db1.example.com:7000 or [::1]:7000';
  return new PacelineError('OPTIONS_INVALID', `address ${JSON.stringify(text)}: ${why}; ${form}`);
}
