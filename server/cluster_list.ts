/**
 * Names and addresses of members as an operator writes them.
 *
 * @module
 */

import type { Member, NodeId } from "@raftkv/core/raft";
import { isUnspecified } from "./listen_address.ts";

/** Reads a node's id: 1 to 64 of `A-Z a-z 0-9 . _ -`; null if it is none. */
export function parseNodeId(text: string): NodeId | null {
  return /^[\w.-]{1,64}$/.test(text) ? text as NodeId : null;
}

/**
 * Reads a node's base URL, `http` or `https` with host and port alone; null if it is none, or one that
 * nobody can dial.
 */
export function parseNodeUrl(text: string): string | null {
  const url = parseBaseUrl(text);
  return url !== null && isDialable(url) ? url : null;
}

/** Whether others can try it: port 0 and the address that stands for all are for listening alone. */
export function isDialable(url: string): boolean {
  const { hostname, port } = new URL(url);
  return port !== "0" && !isUnspecified(hostname.replace(/^\[(.*)\]$/, "$1"));
}

/** The same as {@linkcode parseNodeUrl}, of whatever a node may call itself while it is alone. */
export function parseBaseUrl(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return null;
  // Whatever else a URL may carry would be dropped without a word.
  return url.href === `${url.origin}/` && !/[?#]$/.test(text) ? url.origin : null;
}

/** Reads URLs of nodes, separated by commas; null if one is none. */
export function parseUrlList(text: string): readonly string[] | null {
  const urls = text.split(",").map((url) => parseNodeUrl(url.trim()));
  return urls.every((url) => url !== null) ? [...new Set(urls)] : null;
}

/**
 * Reads `n1=http://host:port,n2=…`; null if it is malformed, or an id or URL is there twice.
 */
export function parseClusterList(text: string): readonly Member[] | null {
  const members: Member[] = [];
  for (const pair of text.split(",")) {
    const equals = pair.indexOf("=");
    const id = parseNodeId(pair.slice(0, Math.max(0, equals)).trim());
    const url = parseNodeUrl(pair.slice(equals + 1).trim());
    if (id === null || url === null) return null;
    if (members.some((member) => member.id === id || member.url === url)) return null;
    members.push({ id, url });
  }
  return members;
}
