/**
 * Which pages in browsers may do what. A browser names the origin of the page with every request that
 * changes something or opens a WebSocket, and lets any page send some of these to any address, one on
 * the reader's own machine too: what a page must not do, the node must refuse.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import { failureResponse } from "./failures.ts";

/** Where a page comes from, as seen from the address that it talks to. */
export type Standing =
  /** From the same address. */
  | "same"
  /** From an origin that the operator lets in. */
  | "allowed"
  /** From anywhere else. */
  | "foreign";

/** The origins that the operator lets in. */
export class Origins {
  readonly #allowed: ReadonlySet<string>;

  /**
   * Takes the list.
   *
   * @param allowed Origins as browsers write them, or `*` for every one; none if empty.
   */
  constructor(allowed: readonly string[] = []) {
    this.#allowed = new Set(allowed);
  }

  /** Whether there is any. */
  get isEmpty(): boolean {
    return this.#allowed.size === 0;
  }

  /** Whether every one is let in. */
  get hasAny(): boolean {
    return this.#allowed.has(ANY);
  }

  /**
   * The standing of a page.
   *
   * @param host The host and port that it talks to, as it names them.
   */
  standingOf(origin: string, host: string | null): Standing {
    if (this.hasAny || this.#allowed.has(origin)) return "allowed";
    // A proxy may speak TLS for us: the scheme is not ours to know.
    return host !== null && origin.replace(/^https?:\/\//, "") === host ? "same" : "foreign";
  }
}

/** Lets every origin in. */
export const ANY = "*";

/** The list of origins, separated by commas, or `*`; null if one is none. */
export function parseOrigins(text: string): readonly string[] | null {
  const origins = text.split(",").map((origin) => origin.trim());
  return origins.every((origin) => origin === ANY || isOrigin(origin)) ? origins : null;
}

/** Answers requests; refuses those of pages that must not make them, and lets others read the answer. */
export function guarded(
  fetch: (request: Request) => Response | Promise<Response>,
  origins: Origins,
): (request: Request) => Response | Promise<Response> {
  return (request) => {
    const origin = request.headers.get("origin");
    // No browser, or a page of our own that reads.
    if (origin === null) return origins.isEmpty ? fetch(request) : varied(fetch(request));
    const standing = origins.standingOf(origin, hostOf(request));
    if (standing === "allowed") return letIn(request, { origin, origins, fetch });
    if (standing === "same" || READING.has(request.method)) {
      return origins.isEmpty ? fetch(request) : varied(fetch(request));
    }
    return failureResponse(new KvFailure("forbidden_origin"));
  };
}

interface Admission {
  readonly origin: string;
  readonly origins: Origins;
  readonly fetch: (request: Request) => Response | Promise<Response>;
}

async function letIn(request: Request, { origin, origins, fetch }: Admission): Promise<Response> {
  const response = await varied(fetch(request));
  const { headers } = response;
  headers.set("access-control-allow-origin", origins.hasAny ? ANY : origin);
  const isPreflight = request.method === "OPTIONS" &&
    request.headers.has("access-control-request-method");
  if (isPreflight) {
    headers.set("access-control-allow-methods", headers.get("allow") ?? "");
    headers.set("access-control-allow-headers", REQUEST_HEADERS);
    headers.set("access-control-max-age", PREFLIGHT_SECONDS);
  } else {
    headers.set("access-control-expose-headers", exposed(headers));
  }
  return response;
}

/** A cache between us and browsers must not give one origin's answer to another. */
async function varied(answer: Response | Promise<Response>): Promise<Response> {
  const response = await answer;
  response.headers.append("vary", "Origin");
  return response;
}

/** Everything that is in no list of browsers: our own headers, whichever there are. */
function exposed(headers: Headers): string {
  return [...headers.keys()].filter((name) =>
    /^raftkv-|^etag$|^idempotent|^retry|^server-t/.test(name)
  )
    .join(", ");
}

function hostOf({ headers, url }: Request): string | null {
  // HTTP/2 has no such header: the runtime puts the authority into the URL.
  return headers.get("host") ?? URL.parse(url)?.host ?? null;
}

function isOrigin(text: string): boolean {
  return URL.parse(text)?.origin === text;
}

const READING: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
const REQUEST_HEADERS =
  "Accept, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID";
const PREFLIGHT_SECONDS = "600";
