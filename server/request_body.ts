/**
 * The body of a request, never more of it in memory than the limit.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import { KvFailure } from "@raftkv/core/api";

/**
 * Text of UTF-8.
 *
 * @throws {KvFailure} `invalid_json` if it is none
 */
export function textOfBody(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new KvFailure("invalid_json", "The body is not UTF-8.");
  }
}

/**
 * Reads the whole body.
 *
 * @throws {KvFailure} `body_too_large`, before more than the limit is held; `invalid_body` if the
 *   client breaks off
 */
export async function readBodyBytes(request: Request): Promise<Uint8Array> {
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > LIMITS.requestBytesMax) {
    await request.body?.cancel();
    throw new KvFailure("body_too_large");
  }
  let bytes: Uint8Array | null;
  try {
    // HTTP frames a body by its announced length, so no more than that can come. To ask for the body
    // as a stream, if only to see whether there is one, costs more than to read a small one.
    bytes = announced === null ? await readUnannounced(request) : await request.bytes();
  } catch {
    // The client broke off or the framing is wrong: not our failure, and there is nobody to answer.
    throw new KvFailure("invalid_body", "The body ended early.");
  }
  // Of a request that came over no connection, nobody has checked what it announces.
  if (bytes === null || bytes.length > LIMITS.requestBytesMax) {
    throw new KvFailure("body_too_large");
  }
  return bytes;
}

/** Null if there is more than the limit. */
async function readUnannounced({ body }: Request): Promise<Uint8Array | null> {
  return body === null ? new Uint8Array() : await readStream(body);
}

async function readStream(stream: ReadableStream<Uint8Array>): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    // Leaving the loop cancels the stream.
    if (size > LIMITS.requestBytesMax) return null;
    chunks.push(chunk);
  }
  return joined(chunks, size);
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

const decoder = new TextDecoder("utf-8", { fatal: true });
