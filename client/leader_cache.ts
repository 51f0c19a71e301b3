/**
 * Which endpoint to ask next: the leader if it is known and answers, else one that answers, and
 * every member that the cluster has told of.
 *
 * @module
 */

import type { Respondent } from "./attempt.ts";

/** A member as the cluster describes it. */
export interface KnownMember {
  readonly id: string;
  readonly url: string;
}

/** Which endpoint suits a request: reads that may be stale spare the leader. */
export type Preference = "leader" | "any";

interface Endpoint {
  readonly url: string;
  nodeId: string | null;
  /** Attempts in a row without an answer. */
  failures: number;
  /** Not asked before this time while another endpoint is left. */
  restsUntilMs: number;
}

/** The first rest of an endpoint that gave no answer; it doubles up to the longest. */
const REST_MS_FIRST = 500;
const REST_MS_MAX = 30_000;

/** Knows endpoints by URL, remembers which answered last and which node leads. */
export class LeaderCache {
  readonly #endpoints: Endpoint[] = [];
  #leaderId: string | null = null;
  /** The endpoint for requests when no leader is known; moves on when it fails. */
  #home: number;

  /**
   * @param urls At least one base URL.
   * @param random A number in [0, 1): clients with the same list start at different nodes.
   * @throws {TypeError} if there is no URL, or one is not http or https
   */
  constructor(urls: readonly string[], random: number) {
    if (urls.length === 0) throw new TypeError("Cannot connect: No endpoint is given");
    for (const url of urls) this.#add(parseEndpoint(url));
    this.#home = Math.floor(random * this.#endpoints.length);
  }

  /** The base URLs known now, the given ones first. */
  get urls(): readonly string[] {
    return this.#endpoints.map((endpoint) => endpoint.url);
  }

  /** Whether a leader is named whose URL is not known. */
  get lacksLeaderUrl(): boolean {
    return this.#leaderId !== null && this.#leader() === undefined;
  }

  /**
   * The endpoint for the next attempt.
   *
   * @param avoid The endpoint that has just failed; chosen only if it is the only one.
   */
  choose(
    nowMs: number,
    { preference, avoid }: { readonly preference: Preference; readonly avoid?: string | undefined },
  ): string {
    const others = this.#endpoints.filter((endpoint) => endpoint.url !== avoid);
    const candidates = others.length > 0 ? others : this.#endpoints;
    const awake = candidates.filter((endpoint) => endpoint.restsUntilMs <= nowMs);
    const leader = this.#leader();
    if (preference === "leader" && leader !== undefined && awake.includes(leader)) {
      return leader.url;
    }
    const inTurn = this.#fromHome();
    const first = inTurn.find((endpoint) => awake.includes(endpoint));
    return (first ?? soonestAwake(candidates)).url;
  }

  /** Notes an answer, whatever it said, and what its headers told. */
  onAnswer(url: string, { nodeId, leaderId }: Respondent): void {
    const endpoint = this.#find(url);
    if (endpoint === undefined) return;
    endpoint.failures = 0;
    endpoint.restsUntilMs = 0;
    if (nodeId !== null) endpoint.nodeId = nodeId;
    if (leaderId !== null) this.#leaderId = leaderId;
  }

  /** Notes that a node answered but could not serve: the next one in turn may. */
  onUnavailable(url: string, { leaderId }: Respondent): void {
    if (leaderId === null && this.#leader()?.url === url) this.#leaderId = null;
    this.#moveHomeFrom(url);
  }

  /** Notes an attempt without an answer. The endpoint rests, longer each time in a row. */
  onSilence(url: string, nowMs: number): void {
    const endpoint = this.#find(url);
    if (endpoint === undefined) return;
    endpoint.restsUntilMs = nowMs + Math.min(REST_MS_MAX, REST_MS_FIRST * 2 ** endpoint.failures);
    endpoint.failures += 1;
    if (endpoint.nodeId !== null && endpoint.nodeId === this.#leaderId) this.#leaderId = null;
    this.#moveHomeFrom(url);
  }

  /**
   * Takes in the cluster's own list of members. A given endpoint is never forgotten: the URLs that
   * members advertise to each other need not be reachable from here.
   */
  learnMembers(members: readonly KnownMember[], leaderId: string | null): void {
    for (const member of members) {
      if (this.#endpoints.some((endpoint) => endpoint.nodeId === member.id)) continue;
      const url = tryParseEndpoint(member.url);
      if (url === null) continue;
      const endpoint = this.#find(url) ?? this.#add(url);
      endpoint.nodeId ??= member.id;
    }
    if (leaderId !== null) this.#leaderId = leaderId;
  }

  #leader(): Endpoint | undefined {
    if (this.#leaderId === null) return undefined;
    return this.#endpoints.find((endpoint) => endpoint.nodeId === this.#leaderId);
  }

  #find(url: string): Endpoint | undefined {
    return this.#endpoints.find((endpoint) => endpoint.url === url);
  }

  #add(url: string): Endpoint {
    const known = this.#find(url);
    if (known !== undefined) return known;
    const endpoint: Endpoint = { url, nodeId: null, failures: 0, restsUntilMs: 0 };
    this.#endpoints.push(endpoint);
    return endpoint;
  }

  #fromHome(): readonly Endpoint[] {
    return [...this.#endpoints.slice(this.#home), ...this.#endpoints.slice(0, this.#home)];
  }

  #moveHomeFrom(url: string): void {
    if (this.#endpoints[this.#home]?.url !== url) return;
    this.#home = (this.#home + 1) % this.#endpoints.length;
  }
}

/**
 * Turns what a person wrote into a base URL without a trailing slash.
 *
 * @throws {TypeError} if it is not an http or https URL
 */
export function parseEndpoint(text: string): string {
  const url = tryParseEndpoint(text);
  if (url === null) {
    throw new TypeError(
      `Cannot use endpoint "${text}": It must be a URL such as http://localhost:8001`,
    );
  }
  return url;
}

function tryParseEndpoint(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  return (url.origin + url.pathname).replace(/\/+$/, "");
}

function soonestAwake(endpoints: readonly Endpoint[]): Endpoint {
  return endpoints.reduce((soonest, each) =>
    each.restsUntilMs < soonest.restsUntilMs ? each : soonest
  );
}
