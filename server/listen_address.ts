/**
 * Where a node listens.
 *
 * @module
 */

/** A host and a port. */
export interface ListenAddress {
  /** A name or address; an IPv6 address without brackets. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
}

/** Reads `HOST:PORT`, `[IPv6]:PORT` or `PORT`; null if it is neither. */
export function parseListenAddress(text: string, hostDefault: string): ListenAddress | null {
  const [, ipv6, name, digits] = /^(?:\[([\da-f:.]+)\]:|([\w.-]+):)?(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  if (!(port <= 65_535)) return null;
  return { host: ipv6 ?? name ?? hostDefault, port };
}

/** The base URL of an address. */
export function urlOfAddress({ host, port }: ListenAddress): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Whether it stands for every address of this machine, and so for none that others can use. */
export function isUnspecified(host: string): boolean {
  return /^(?:::ffff:)?[0.:]+$/i.test(host);
}

/** Whether only this machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}
