/**
 * Writes the log down as the first node that carries an entry out sees it, and finds out who asked
 * for each of its commands.
 *
 * @module
 */

import { type CommandResult, decodeCommand, keyFromBytes } from "@raftkv/core/kv";
import type { Entry, NodeId } from "@raftkv/core/raft";
import { type JournalEntry, type KvOperation, NOBODY } from "../history/mod.ts";
import type { Witness } from "../witness.ts";

interface Written {
  readonly entry: Entry;
  readonly result: CommandResult;
}

/** The log of one run. */
export class LogBook implements Partial<Witness> {
  readonly #written: Written[] = [];
  /** Who has asked for just these bytes, in the order of asking. */
  readonly #askers = new Map<string, number[]>();
  readonly #own: ReadonlySet<string>;

  /**
   * Begins empty.
   *
   * @param own Commands that the world proposes itself.
   */
  constructor(own: readonly Uint8Array[]) {
    this.#own = new Set(own.map(textOf));
  }

  /** An operation is about to be proposed, for the first time or again. */
  onAsked(operation: number, payload: Uint8Array): void {
    const text = textOf(payload);
    const askers = this.#askers.get(text);
    if (askers === undefined) this.#askers.set(text, [operation]);
    else if (!askers.includes(operation)) askers.push(operation);
  }

  onCarriedOut(_id: NodeId, entry: Entry, result: unknown): void {
    const last = this.#written.at(-1)?.entry.index ?? 0;
    if (entry.index > last) this.#written.push({ entry, result: result as CommandResult });
  }

  /** The journal, with the operations of `history` beside what they asked for. */
  journal(history: readonly KvOperation[]): JournalEntry[] {
    const answered = new Map<number, number>();
    for (const { id, outcome } of history) {
      const isApplied = outcome.kind === "answered" && outcome.answer.kind === "applied";
      if (isApplied && outcome.answer.kind === "applied") answered.set(outcome.answer.index, id);
    }
    const taken = new Set(answered.values());
    return this.#written.map(({ entry, result }) => {
      const { index, term, timeMs, payload } = entry;
      const command = decodeCommand(payload);
      const text = textOf(payload);
      const isOwn = command.kind === "maintain" || this.#own.has(text);
      const operation = isOwn
        ? null
        : answered.get(index) ?? this.#askerOf(text, { history, taken });
      if (operation !== null) taken.add(operation);
      return { index, term, timeMs, command, result, operation };
    });
  }

  /**
   * Of several that asked for the same, one that was not answered: they are alike in everything but
   * their moments, so the first takes the first.
   */
  #askerOf(
    text: string,
    { history, taken }: {
      readonly history: readonly KvOperation[];
      readonly taken: ReadonlySet<number>;
    },
  ): number {
    const askers = this.#askers.get(text) ?? [];
    const free = askers.filter((id) => !taken.has(id));
    const unknown = free.find((id) => history[id]?.outcome.kind === "unknown");
    return unknown ?? free[0] ?? askers[0] ?? NOBODY;
  }
}

function textOf(payload: Uint8Array): string {
  return keyFromBytes(payload);
}
