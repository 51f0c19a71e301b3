/**
 * The codecs by themselves: what a write costs on its way into bytes and out of them.
 *
 * Run it with `deno bench bench/codec_bench.ts`.
 *
 * @module
 */

import { decodeMessage, encodeMessage } from "@raftkv/core/codec";
import {
  type Command,
  decodeCommand,
  decodeResult,
  encodeCommand,
  encodeResult,
  keyFromText,
} from "@raftkv/core/kv";
import type { AppendRequest, Entry, LogIndex, Term } from "@raftkv/core/raft";

const ENTRIES = 64;
const value = new TextEncoder().encode("v".repeat(256));

function put(number: number): Command {
  const key = keyFromText(`key-${`${number}`.padStart(5, "0")}`);
  if (key === null) throw new Error(`Cannot put key ${number}`);
  return { kind: "commit", operations: [{ kind: "put", key, value, encoding: "text" }] };
}

const command = put(1);
const payload = encodeCommand(command);
const written = { createRevision: 1_234_567, modRevision: 1_234_567, version: 1 };
const answer = encodeResult({
  kind: "committed",
  revision: written.modRevision,
  succeeded: true,
  results: [{ kind: "put", ...written }],
});

const entries = Array.from({ length: ENTRIES }, (_, at): Entry => ({
  index: (1_000_000 + at) as LogIndex,
  term: 3 as Term,
  kind: "command",
  timeMs: 1_700_000_000_000,
  payload: encodeCommand(put(at)),
}));
const append: AppendRequest = {
  type: "append_request",
  term: 3 as Term,
  previous: { index: 999_999 as LogIndex, term: 3 as Term },
  entries,
  leaderCommit: 999_990 as LogIndex,
};
const message = encodeMessage(append);

Deno.bench("command: encode a put of 256 B", () => {
  encodeCommand(command);
});

Deno.bench("command: decode a put of 256 B", () => {
  decodeCommand(payload);
});

Deno.bench("result: decode that of a put", () => {
  decodeResult(answer);
});

Deno.bench(`message: encode an append of ${ENTRIES} puts`, () => {
  encodeMessage(append);
});

Deno.bench(`message: decode an append of ${ENTRIES} puts`, () => {
  decodeMessage(message);
});
