import { assert, assertEquals } from "@std/assert";
import { type Key, KEY_FIRST, keyFromBytes } from "@raftkv/core/kv";
import { Arena } from "../../../core/kv/arena.ts";
import {
  History,
  type HistoryReader,
  type PastRecord,
  type Run,
} from "../../../core/kv/history.ts";
import { RecordTable } from "../../../core/kv/record_table.ts";
import { Tree } from "../../../core/kv/tree.ts";
import { pcg32 } from "../../../core/random.ts";
import { bytesOfText } from "./apply.ts";

/** Some of which begin others, or hold the bytes that separate keys from revisions. */
const KEYS = ["a", "a\0", "a\0\0", "a\0\0b", "ab", "b", "b\xff"].map((text) =>
  keyFromBytes(Uint8Array.from(text, (char) => char.charCodeAt(0)))
);

Deno.test("the past of keys with hundreds of versions answers as a list does, while it is swept", () => {
  const random = pcg32(3);
  const past = new Written();
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 600; i++) past.end(KEYS[Math.floor(random() ** 2 * KEYS.length)] as Key);
    past.assertSame(past.history);
    past.drop(round < 4 ? 400 : 1_000);
    past.assertSame(past.history);
  }
});

Deno.test("a view of a long past stays as it was taken", () => {
  const past = new Written();
  const key = KEYS[3] as Key;
  for (let i = 0; i < 300; i++) past.end(key);
  const view = past.history.view();
  const shown = past.list();
  past.drop(150);
  for (let i = 0; i < 300; i++) past.end(key);
  assertEquals(view.size, 300);
  assertEquals(describe(view), shown);
});

Deno.test("no more than 32 versions are copied with one that comes or goes, however many a key has", () => {
  const past = new Written();
  for (let i = 0; i < 1_000; i++) past.end(KEYS[0] as Key);
  assertEquals(Math.max(...past.runSizes()), 32);
  past.drop(500);
  for (let i = 0; i < 500; i++) past.end(KEYS[0] as Key);
  assertEquals(Math.max(...past.runSizes()), 32);
});

/** A past, and the plain list that it stands for. */
class Written {
  readonly #arena = new Arena();
  readonly #tree = new Tree<Run>();
  readonly history = new History(this.#arena, this.#tree);
  readonly #records = new RecordTable(this.#arena);
  #ended: { readonly key: Key; readonly modRevision: number; readonly endRevision: number }[] = [];
  #revision = 0;

  /** Writes a version of a key, and ends it. */
  end(key: Key): void {
    const modRevision = ++this.#revision;
    const endRevision = ++this.#revision;
    const value = bytesOfText(`${modRevision}`);
    const content = { key, encoding: "text", version: 1, lease: 0, value } as const;
    this.#records.write({ ...content, createRevision: modRevision, modRevision });
    const record = this.#records.get(key);
    assert(record !== undefined);
    this.history.add({ record, endRevision });
    this.#ended.push({ key, modRevision, endRevision });
  }

  /** How many versions stand in one place, place by place. */
  runSizes(): number[] {
    const sizes: number[] = [];
    this.#tree.scan(KEY_FIRST, (_, { pasts }) => sizes.push(pasts.length) > 0);
    return sizes;
  }

  /** Lets go of the oldest. */
  drop(count: number): void {
    for (const { key, endRevision } of this.#ended.splice(0, count)) {
      assertEquals(this.history.drop(key, endRevision + 1), undefined);
      assertEquals(this.history.drop(key, endRevision)?.modRevision, endRevision - 1);
    }
  }

  list(): string[] {
    return this.#ended.toSorted((a, b) =>
      a.key < b.key ? -1 : a.key > b.key ? 1 : a.modRevision - b.modRevision
    ).map(({ key, modRevision, endRevision }) => `${key} ${modRevision} ${endRevision}`);
  }

  assertSame(history: History): void {
    assertEquals(history.size, this.#ended.length);
    assertEquals(describe(history), this.list());
    for (const { key, modRevision, endRevision } of this.#ended) {
      assertEquals(history.at(key, modRevision)?.modRevision, modRevision);
      assertEquals(history.at(key, endRevision), undefined);
      assertEquals(history.last(key, endRevision)?.endRevision, endRevision);
    }
    const keys = [...new Set(this.#ended.map(({ key }) => key))].sort();
    for (const key of KEYS) {
      assertEquals(history.ceilingKey(key), keys.find((each) => each >= key));
      assertEquals(history.lowerKey(key), keys.findLast((each) => each < key));
    }
    assertEquals(history.lowerKey(null), keys.at(-1));
  }
}

/** All versions, gathered a few at a time. */
function describe(history: HistoryReader): string[] {
  const lines: string[] = [];
  let after: PastRecord | null = null;
  for (let size = -1; size < lines.length;) {
    size = lines.length;
    let left = 7;
    history.scan(after, (past) => {
      lines.push(`${past.record.key} ${past.record.modRevision} ${past.endRevision}`);
      after = past;
      return --left > 0;
    });
  }
  return lines;
}
