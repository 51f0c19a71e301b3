/**
 * The store as one would write it who had no memory to save and no time to lose: the whole map is
 * copied at each revision, and every read is a filter over a sorted list.
 *
 * @module
 */

import type { Key, KvRecord, Operation, OperationResult } from "@raftkv/core/kv";

/** The whole state as of one revision. */
export type Picture = ReadonlyMap<Key, KvRecord>;

/** All pictures since the beginning, and from which one on they may be looked at. */
export class ReferenceModel {
  readonly #pictures: Picture[] = [new Map(), new Map()];
  compactRevision = 0;

  get revision(): number {
    return this.#pictures.length - 1;
  }

  /** What stood there at `revision`. */
  at(revision: number): Picture {
    return this.#pictures[revision]!;
  }

  commit(operations: readonly Operation[]): OperationResult[] {
    const picture = new Map(this.at(this.revision));
    const revision = this.revision + 1;
    this.#pictures.push(picture);
    return operations.map((operation): OperationResult => {
      if (operation.kind === "delete") {
        return { kind: "delete", deleted: picture.delete(operation.key) ? 1 : 0 };
      }
      const { key, value, encoding } = operation;
      const before = picture.get(key);
      const createRevision = before === undefined ? revision : before.createRevision;
      const version = before === undefined ? 1 : before.version + 1;
      picture.set(key, { key, value, encoding, createRevision, modRevision: revision, version });
      return { kind: "put", createRevision, modRevision: revision, version };
    });
  }

  range(revision: number, bounds: { start: Key; end: Key | null }): KvRecord[] {
    return [...this.at(revision).values()]
      .filter(({ key }) => key >= bounds.start && (bounds.end === null || key < bounds.end))
      .sort((a, b) => a.key < b.key ? -1 : 1);
  }
}
