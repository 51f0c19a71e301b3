/**
 * The memory of requests under names that clients made up. It is replicated state, like that of
 * sessions, but weaker: whoever asks under a name that was forgotten looks just like one who asks
 * for the first time, and is served. How far it reaches back is therefore part of what is promised.
 *
 * Names are forgotten in the order in which they came, and a repetition does not renew them: the
 * window of each begins with its first answer.
 *
 * @module
 */

import type { ByteReader } from "../codec/byte_reader.ts";
import type { ByteWriter } from "../codec/byte_writer.ts";
import { LIMITS } from "../limits.ts";
import { readIdempotencyKey } from "./once.ts";
import {
  answerSizeBytes,
  type Arrival,
  readRemembered,
  type Recollection,
  recollectionOf,
  type Remembered,
  writeRemembered,
} from "./remembered.ts";

/** Names that one entry lets go because of their age: a fraction of a millisecond of work. */
const AGED_MAX = 256;

interface Kept extends Remembered {
  readonly key: string;
  /** Replicated time of the first answer. */
  readonly atMs: number;
}

/** Everything remembered of requests with an idempotency key. */
export class IdempotencyTable {
  readonly #byKey = new Map<string, Kept>();
  /**
   * From `#first` on, the oldest first. A map keeps that order, too, but to find the first of its
   * entries it passes over every place where one was deleted.
   */
  #queue: Kept[] = [];
  #first = 0;
  #bytes = 0;

  /** How many requests are remembered, or about to be forgotten. */
  get size(): number {
    return this.#byKey.size;
  }

  /** What is remembered of a request that arrives under `key`. */
  recall(key: string, { digest, clockMs }: Arrival): Recollection {
    const kept = this.#byKey.get(key);
    if (kept === undefined || isAged(kept, clockMs)) return { kind: "fresh" };
    return recollectionOf(kept, digest);
  }

  /** Remembers the answer to a request that was just found `fresh`. */
  remember(
    key: string,
    { digest, answer }: Remembered,
    { clockMs }: Pick<Arrival, "clockMs">,
  ): void {
    this.#forget(this.#byKey.get(key));
    this.#add({ key, digest, answer, atMs: clockMs });
    const { idempotencyKeysMax, idempotencyBytesMax } = LIMITS;
    let agedLeft = AGED_MAX;
    for (let oldest = this.#oldest; oldest !== undefined; oldest = this.#oldest) {
      const isFull = this.size > idempotencyKeysMax || this.#bytes > idempotencyBytesMax;
      if (!isFull && (agedLeft-- === 0 || !isAged(oldest, clockMs))) break;
      this.#forget(oldest);
    }
  }

  /** The table as it is now, whatever happens later; takes time in proportion to its size. */
  capture(): CapturedKeys {
    return new CapturedKeys(this.#queue.slice(this.#first).filter((kept) => this.#holds(kept)));
  }

  /**
   * Reads one request and puts it behind all others.
   *
   * @param clockMs The replicated time of the snapshot, which no answer can pass.
   * @throws {DecodeError} if there is none, or it cannot be one of this table
   */
  restore(reader: ByteReader, clockMs: number): void {
    const key = readIdempotencyKey(reader);
    const atMs = reader.varint();
    const remembered = readRemembered(reader);
    if (atMs > clockMs) reader.fail("Idempotency key was used in the future");
    if (this.#byKey.has(key)) reader.fail("Idempotency key is there twice");
    this.#add({ key, ...remembered, atMs });
  }

  get #oldest(): Kept | undefined {
    for (; this.#first < this.#queue.length; this.#first++) {
      const oldest = this.#queue[this.#first]!;
      if (this.#holds(oldest)) return oldest;
    }
    return undefined;
  }

  /** Whether an entry of the queue was not forgotten. */
  #holds(kept: Kept): boolean {
    return this.#byKey.get(kept.key) === kept;
  }

  #add(kept: Kept): void {
    this.#byKey.set(kept.key, kept);
    this.#bytes += sizeBytesOf(kept);
    // What was passed over is let go when it is half of the queue: a step or two for each addition.
    if (this.#first * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    this.#queue.push(kept);
  }

  #forget(kept: Kept | undefined): void {
    if (kept === undefined) return;
    this.#byKey.delete(kept.key);
    this.#bytes -= sizeBytesOf(kept);
  }
}

/** The requests of one moment. */
export class CapturedKeys {
  readonly #kept: readonly Kept[];

  /** Takes requests that nobody changes any more. */
  constructor(kept: readonly Kept[]) {
    this.#kept = kept;
  }

  /** How many there are. */
  get size(): number {
    return this.#kept.length;
  }

  /** Writes the request at `place`, the oldest being at 0. */
  write(writer: ByteWriter, place: number): void {
    const kept = this.#kept[place]!;
    writer.byteString(kept.key);
    writer.varint(kept.atMs);
    writeRemembered(writer, kept);
  }
}

function sizeBytesOf(kept: Kept): number {
  return kept.key.length + answerSizeBytes(kept);
}

function isAged({ atMs }: Kept, clockMs: number): boolean {
  return clockMs - atMs > LIMITS.idempotencyAgeMsMax;
}
