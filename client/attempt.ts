/**
 * One exchange with one endpoint, turned into an answer or a failure. Nothing is repeated here.
 *
 * @module
 */

import { isFailureBody, parseJson } from "./answers.ts";
import { type HttpRequest, httpRequestOf, type Operation } from "./operation.ts";
import { classifyNetworkError } from "./network_failure.ts";
import { OUT_OF_TIME, type RequestScope } from "./request_scope.ts";
import type { AttemptFailure } from "./retry.ts";

/** The part of `fetch` that the client uses; any implementation will do. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What an answer's headers tell of the node that gave it. */
export interface Respondent {
  readonly nodeId: string | null;
  /** The leader it follows. */
  readonly leaderId: string | null;
}

/** What one exchange came to: an answer's parsed JSON body, or why there is none. */
export type AttemptResult =
  | {
    readonly kind: "success";
    readonly body: unknown;
    readonly status: number;
    readonly from: Respondent;
  }
  | {
    readonly kind: "failure";
    readonly failure: AttemptFailure;
    /** null if nothing answered. */
    readonly from: Respondent | null;
  };

/** Of an attempt's time, the part the server may use: its own answer says more than our timer. */
const SERVER_SHARE = 0.9;
/** The server refuses to be given more. */
const SERVER_MS_MAX = 60_000;

/** An operation at one endpoint, to be answered within `limitMs`. */
export interface Attempt {
  readonly operation: Operation;
  readonly scope: RequestScope;
  readonly limitMs: number;
}

/**
 * Carries an operation to one endpoint and its answer back. It rejects with the caller's reason if the
 * caller gave up meanwhile, and never else.
 */
export type Exchange = (endpoint: string, attempt: Attempt) => Promise<AttemptResult>;

/** Exchanges by one HTTP request each. */
export function httpExchange(fetch: Fetch): Exchange {
  return async (endpoint, { operation, scope, limitMs }) => {
    const request = httpRequestOf(operation);
    const url = endpoint + request.path + queryOf(request, limitMs);
    try {
      const reply = await scope.limit(limitMs, async (signal) => {
        const response = await fetch(url, { ...initOf(request), signal });
        return { response, text: await response.text() };
      });
      if (reply === OUT_OF_TIME) {
        const message = `No answer within ${Math.round(limitMs)} ms`;
        return silent({ kind: "lost", message });
      }
      return understand(reply.response, reply.text, request.accept ?? []);
    } catch (error) {
      scope.signal.throwIfAborted();
      return silent(classifyNetworkError(error));
    }
  };
}

function understand(response: Response, text: string, accept: readonly number[]): AttemptResult {
  const { headers, ok, status } = response;
  const from = { nodeId: headers.get("RaftKV-Node"), leaderId: headers.get("RaftKV-Leader") };
  const body = parseJson(text);
  if (body !== undefined && (ok || accept.includes(status))) {
    return { kind: "success", body, status, from };
  }
  const failure: AttemptFailure = isFailureBody(body)
    ? { ...body.error, kind: "answered" }
    : unrecognized(status);
  return { kind: "failure", failure, from };
}

/** The failure of an answer that is not of this API. */
export function unrecognized(status: number): AttemptFailure {
  const message = `The answer (HTTP ${status}) is not one that this client knows`;
  return { kind: "unrecognized", status, message };
}

function silent(failure: AttemptFailure): AttemptResult {
  return { kind: "failure", failure, from: null };
}

/** How long the server may take of the time of an attempt, in milliseconds. */
export function serverMs(limitMs: number): number {
  return Math.max(1, Math.min(SERVER_MS_MAX, Math.floor(limitMs * SERVER_SHARE)));
}

function queryOf(request: HttpRequest, limitMs: number): string {
  const query = new URLSearchParams(request.query ?? {});
  if (request.timed === true) query.set("timeout", `${serverMs(limitMs)}ms`);
  return query.size === 0 ? "" : `?${query}`;
}

function initOf(request: HttpRequest): RequestInit {
  const headers: Record<string, string> = { accept: "application/json", ...request.headers };
  if (request.body !== undefined) headers["content-type"] = "application/json";
  return {
    method: request.method,
    headers,
    ...request.body === undefined ? {} : { body: request.body },
  };
}
