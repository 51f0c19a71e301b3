/**
 * Writes pairs with several requests under way at once, and knows up to which line all is stored.
 *
 * @module
 */

import { BadLine, type NumberedLine, type Pair, parsePair } from "./ndjson.ts";

/** Requests under way at once: enough to fill the cluster's batches, few enough to be polite. */
export const IMPORT_CONCURRENCY: number = 32;

/** What an import came to. */
export interface ImportResult {
  /** Pairs that are stored. */
  readonly stored: number;
  /** The first line that is not certainly stored, and why; null if all are. */
  readonly failure: { readonly line: number; readonly error: unknown } | null;
}

/** What an import works with. */
export interface ImportParts {
  readonly lines: AsyncIterable<NumberedLine>;
  readonly put: (pair: Pair) => Promise<unknown>;
  /** Called after each pair that was stored. */
  readonly onStored: (stored: number, line: NumberedLine) => void;
}

/**
 * Imports until the end or the first failure; what is under way then is waited for. Of two lines with
 * one key the later is sent after the earlier is stored, so that the later one's value remains.
 */
export async function importLines(parts: ImportParts): Promise<ImportResult> {
  const underWay = new Map<string, Promise<void>>();
  const state: { stored: number; failure: ImportResult["failure"] } = { stored: 0, failure: null };
  const fail = (line: number, error: unknown) => {
    if (state.failure === null || line < state.failure.line) state.failure = { line, error };
  };
  const send = async (pair: Pair, line: NumberedLine) => {
    try {
      await parts.put(pair);
      state.stored += 1;
      parts.onStored(state.stored, line);
    } catch (error) {
      fail(line.number, error);
    } finally {
      underWay.delete(pair.key);
    }
  };
  try {
    for await (const line of parts.lines) {
      const pair = parsePair(line);
      await underWay.get(pair.key);
      while (underWay.size >= IMPORT_CONCURRENCY) await Promise.race(underWay.values());
      if (state.failure !== null) break;
      underWay.set(pair.key, send(pair, line));
    }
  } catch (error) {
    if (!(error instanceof BadLine)) throw error;
    fail(error.line, error);
  } finally {
    await Promise.all(underWay.values());
  }
  return state;
}
