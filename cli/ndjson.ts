/**
 * Lines of NDJSON out of a stream of bytes, numbered, with a bound on their length.
 *
 * @module
 */

import type { Json } from "@raftkv/core/api";

/** One line of the input that is not blank. */
export interface NumberedLine {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
  /** Bytes of the input up to the end of this line. */
  readonly endBytes: number;
}

/** A pair to import. */
export interface Pair {
  readonly key: string;
  readonly value: Json;
}

/** A line that cannot be imported. */
export class BadLine extends Error {
  override readonly name = "BadLine";
  /** Counted from 1. */
  readonly line: number;

  constructor(line: number, reason: string) {
    super(reason);
    this.line = line;
  }
}

/** The largest request, doubled: a legal value may be written with escapes. */
const LINE_BYTES_MAX = 2 * 1_572_864;

const LINE_FEED = 10;

/**
 * Cuts a stream into lines; blank ones are counted but left out.
 *
 * @throws {BadLine} if a line is too long or not UTF-8
 */
export async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<NumberedLine> {
  let number = 0;
  let endBytes = 0;
  let pieces: Uint8Array[] = [];
  let length = 0;
  const cut = (): NumberedLine | null => {
    number += 1;
    const text = decodeLine(pieces, number);
    pieces = [];
    length = 0;
    return text.trim() === "" ? null : { number, text, endBytes };
  };
  const take = (piece: Uint8Array) => {
    pieces.push(piece);
    length += piece.length;
    endBytes += piece.length;
    if (length > LINE_BYTES_MAX) {
      throw new BadLine(number + 1, `The line is longer than ${LINE_BYTES_MAX} bytes`);
    }
  };
  for await (const chunk of stream) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      if (end < 0) break;
      take(chunk.subarray(start, end));
      endBytes += 1;
      start = end + 1;
      const line = cut();
      if (line !== null) yield line;
    }
    if (start < chunk.length) take(chunk.subarray(start));
  }
  const last = length > 0 ? cut() : null;
  if (last !== null) yield last;
}

/**
 * Reads a line of the form `{"key": …, "value": …}`; other fields are let pass, so that the output
 * of `list --json` can be imported.
 *
 * @throws {BadLine} if it has another form
 */
export function parsePair({ number, text }: NumberedLine): Pair {
  let parsed: Partial<Record<string, Json>> | Json;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new BadLine(number, "The line is not JSON");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new BadLine(number, 'The line is not an object of the form {"key": …, "value": …}');
  }
  const fields = new Map<string, Json | undefined>(Object.entries(parsed));
  const key = fields.get("key");
  const value = fields.get("value");
  if (typeof key !== "string") throw new BadLine(number, 'The field "key" is not there or no text');
  if (value === undefined) throw new BadLine(number, 'The field "value" is not there');
  if (fields.has("encoding")) throw new BadLine(number, "Values in base64 cannot be imported");
  return { key, value };
}

function decodeLine(pieces: readonly Uint8Array[], number: number): string {
  // Bytes that are not UTF-8 would otherwise be stored as question marks.
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    return pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") +
      decoder.decode();
  } catch {
    throw new BadLine(number, "The line is not UTF-8");
  }
}
