import { assert, assertEquals } from "@std/assert";
import { type Key, KEY_FIRST, keyFromBytes } from "@raftkv/core/kv";
import { Arena } from "../../../core/kv/arena.ts";
import { Evacuation } from "../../../core/kv/evacuation.ts";
import { History } from "../../../core/kv/history.ts";
import { RecordTable } from "../../../core/kv/record_table.ts";
import type { StoredRecord } from "../../../core/kv/stored_record.ts";
import { pcg32 } from "../../../core/random.ts";
import { bytesOfText } from "./apply.ts";

const KEYS = 20_000;
const REVISIONS_KEPT = 2_000;

Deno.test("blocks of which little counts are emptied, and nobody notices but the memory", () => {
  const store = new Overwritten();
  for (let i = 0; i < 8 * KEYS; i++) store.overwrite();
  const { arena } = store;
  assert(arena.writtenBytes > 5 * arena.liveBytes, "most of what was written counts no more");
  assert(arena.capacityBytes < 1.7 * arena.liveBytes, `${arena.capacityBytes} bytes`);
  store.assertWhole();
});

Deno.test("a view taken before records were moved shows all of them", () => {
  const store = new Overwritten();
  for (let i = 0; i < 3 * KEYS; i++) store.overwrite();
  const [records, history] = [store.records.view(), store.history.view()];
  const shown = valuesOf((visit) => records.scan(KEY_FIRST, (_, record) => visit(record)));
  const past = valuesOf((visit) => history.scan(null, ({ record }) => visit(record)));
  for (let i = 0; i < 5 * KEYS; i++) store.overwrite();
  const isSame = shown === valuesOf((visit) => records.scan(KEY_FIRST, (_, each) => visit(each))) &&
    past === valuesOf((visit) => history.scan(null, ({ record }) => visit(record)));
  assert(isSame, "the views show what they showed");
});

/** Keys that are written again and again by chance, with a past that is dropped after a while. */
class Overwritten {
  readonly arena = new Arena();
  readonly records = new RecordTable(this.arena);
  readonly history = new History(this.arena);
  readonly #evacuation = new Evacuation();
  readonly #random = pcg32(5);
  readonly #values = new Map<Key, string>();
  readonly #ended: { readonly key: Key; readonly revision: number; readonly value: string }[] = [];
  #revision = 0;

  overwrite(): void {
    const key = keyFromBytes(bytesOfText(`key${Math.floor(this.#random() * KEYS)}`));
    const revision = ++this.#revision;
    const value = `${revision}`.padStart(150, "v");
    const before = this.records.get(key);
    const version = (before?.version ?? 0) + 1;
    const createRevision = before?.createRevision ?? revision;
    this.records.write({
      ...{ key, encoding: "text", createRevision, modRevision: revision, version, lease: 0 },
      value: bytesOfText(value),
    });
    if (before !== undefined) {
      this.history.add({ record: before, endRevision: revision });
      this.#ended.push({ key, revision, value: this.#values.get(key) as string });
    }
    this.#values.set(key, value);
    while (this.#ended.length > REVISIONS_KEPT) {
      const { key, revision } = this.#ended.shift() as { key: Key; revision: number };
      assert(this.history.drop(key, revision) !== undefined);
    }
    this.#evacuation.advance(this);
  }

  assertWhole(): void {
    assertEquals(this.records.size, this.#values.size);
    for (const [key, value] of this.#values) {
      assertEquals(textOf(this.records.get(key) as StoredRecord), value);
    }
    assertEquals(this.history.size, this.#ended.length);
    for (const { key, revision, value } of this.#ended) {
      assertEquals(textOf(this.history.at(key, revision - 1) as StoredRecord), value);
    }
  }
}

function valuesOf(scan: (visit: (record: StoredRecord) => boolean) => void): string {
  const values: string[] = [];
  scan((record) => values.push(`${record.key} ${textOf(record)}`) > 0);
  return values.join();
}

function textOf({ value }: StoredRecord): string {
  return new TextDecoder().decode(value);
}
