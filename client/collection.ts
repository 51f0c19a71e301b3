/**
 * Keys under one prefix whose values have one shape.
 *
 * @module
 */

import type { DeleteAnswer, Json, PutAnswer } from "@raftkv/core/api";
import type { ListOptions, PutOptions, ReadOptions, RemoveOptions } from "./options.ts";
import { type StandardSchema, validated } from "./standard_schema.ts";
import type { Entry } from "./txn_operation.ts";
import { withValues } from "./watcher.ts";
import type { WatchEvent, WatchOptions } from "./watch_event.ts";

/** What a collection needs of a store. */
export interface EntryStore {
  /** Reads a key; null if there is none. */
  get(key: string, options?: ReadOptions): Promise<Entry | null>;
  /** Sets a key. */
  put(key: string, value: Json, options?: PutOptions): Promise<PutAnswer>;
  /** Replaces a value by what is made of it. */
  update(
    key: string,
    change: (found: Entry | null) => Promise<Json>,
    options?: PutOptions,
  ): Promise<PutAnswer>;
  /** Removes a key. */
  delete(key: string, options?: RemoveOptions): Promise<DeleteAnswer>;
  /** Goes through keys. */
  list(options: ListOptions): AsyncIterable<Entry>;
  /** Follows keys. */
  watch(options: WatchOptions): AsyncIterable<WatchEvent>;
}

/**
 * A typed part of the store. What is written passes the schema first, and what is read passes it
 * again: the store may hold what an earlier version of the program wrote.
 *
 * Methods throw {@linkcode SchemaError} for a value that does not pass, besides what the client's own
 * methods throw.
 */
export class Collection<Input, Output> {
  readonly #kv: EntryStore;
  readonly #prefix: string;
  readonly #schema: StandardSchema<Input, Output>;

  /** Names of keys are given and shown without the prefix. */
  constructor(kv: EntryStore, prefix: string, schema: StandardSchema<Input, Output>) {
    this.#kv = kv;
    this.#prefix = prefix;
    this.#schema = schema;
  }

  /** Reads an entry; null if there is none. */
  async get(name: string, options: ReadOptions = {}): Promise<Entry<Output> | null> {
    const found = await this.#kv.get(this.#prefix + name, options);
    return found === null ? null : await this.#typed(found);
  }

  /** Writes an entry, as the schema gives it back. */
  async put(name: string, value: Input, options: PutOptions = {}): Promise<PutAnswer> {
    const output = await validated(this.#schema, { key: name, value });
    return await this.#kv.put(this.#prefix + name, output as Json, options);
  }

  /**
   * Replaces an entry by what `change` makes of it, if nobody else has changed it meanwhile; else
   * again. `change` gets null if there is none, and may be called several times.
   */
  async update(
    name: string,
    change: (value: Output | null) => Input | Promise<Input>,
    options: PutOptions = {},
  ): Promise<PutAnswer> {
    return await this.#kv.update(this.#prefix + name, async (found) => {
      const before = found === null ? null : (await this.#typed(found)).value;
      const value = await change(before);
      return await validated(this.#schema, { key: name, value }) as Json;
    }, options);
  }

  /** Removes an entry. */
  delete(name: string, options: RemoveOptions = {}): Promise<DeleteAnswer> {
    return this.#kv.delete(this.#prefix + name, options);
  }

  /** Goes through the entries in the order of their names. */
  async *list(
    options: Omit<ListOptions, "prefix" | "start" | "end" | "keysOnly"> = {},
  ): AsyncGenerator<Entry<Output>, void, undefined> {
    for await (const entry of this.#kv.list({ ...options, prefix: this.#prefix })) {
      yield await this.#typed(entry);
    }
  }

  /** Follows the entries. */
  async *watch(
    options: Omit<WatchOptions, "prefix" | "start" | "end" | "key"> = {},
  ): AsyncGenerator<WatchEvent<Output>, void, undefined> {
    for await (const event of this.#kv.watch({ ...options, prefix: this.#prefix })) {
      const typed = await withValues(event, (entry) => this.#typed(entry));
      yield typed.type === "delete" ? { ...typed, key: this.#nameOf(typed.key) } : typed;
    }
  }

  async #typed(entry: Entry): Promise<Entry<Output>> {
    const key = this.#nameOf(entry.key);
    return { ...entry, key, value: await validated(this.#schema, { key, value: entry.value }) };
  }

  #nameOf(key: string): string {
    return key.slice(this.#prefix.length);
  }
}
