/**
 * One watch at one node, over HTTP: lines of JSON for as long as the connection holds.
 *
 * @module
 */

import { isFailureBody, isWatchMessage, parseJson } from "./answers.ts";
import { type Fetch, unrecognized } from "./attempt.ts";
import { classifyNetworkError } from "./network_failure.ts";
import type { AttemptFailure } from "./retry.ts";
import type { WatchMessage } from "./watch_event.ts";

/** The stream broke, or never came about. */
export class WatchBroken extends Error {
  /** Always `WatchBroken`. */
  override readonly name = "WatchBroken";
  /** Why. */
  readonly failure: AttemptFailure;

  constructor(failure: AttemptFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Fields of a watch, by their names. */
export type WatchFields = Readonly<Record<string, string>>;

/**
 * Opens a watch at an endpoint. Its messages end when the node stops; they throw
 * {@linkcode WatchBroken} when the connection breaks, unless the signal was what broke it.
 */
export type OpenWatch = (
  endpoint: string,
  fields: WatchFields,
  signal: AbortSignal,
) => AsyncGenerator<WatchMessage, void, undefined>;

/** Watches by one HTTP request each. */
export function httpWatch(fetch: Fetch): OpenWatch {
  return async function* (endpoint, fields, signal) {
    try {
      const url = `${endpoint}/v1/watch?${new URLSearchParams(fields)}`;
      const headers = { accept: "application/x-ndjson" };
      const response = await fetch(url, { headers, signal });
      if (!response.ok || response.body === null) throw await broken(response);
      for await (const line of linesOf(response.body, signal)) {
        yield messageOf(line, response.status);
      }
    } catch (error) {
      if (signal.aborted || error instanceof WatchBroken) throw error;
      throw new WatchBroken(classifyNetworkError(error));
    }
  };
}

async function broken(response: Response): Promise<WatchBroken> {
  const body = parseJson(await response.text());
  const isAnswer = isFailureBody(body);
  return new WatchBroken(
    isAnswer ? { ...body.error, kind: "answered" } : unrecognized(response.status),
  );
}

function messageOf(line: string, status: number): WatchMessage {
  const message = parseJson(line);
  if (isWatchMessage(message)) return message;
  throw new WatchBroken(unrecognized(status));
}

async function* linesOf(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const reader = body.getReader();
  // Not every `fetch` ends the body of an answer with its signal: that of an embedded node does not.
  const stop = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", stop, { once: true });
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines.filter((line) => line !== "");
    }
  } finally {
    signal.removeEventListener("abort", stop);
    // Whoever stops reading lets go of the connection.
    await reader.cancel().catch(() => {});
  }
}
