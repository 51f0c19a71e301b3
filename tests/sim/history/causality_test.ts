/**
 * What is seen before it was asked for is refused, whoever sees it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  type Command,
  type CommandResult,
  encodeCommand,
  type Key,
  keyAfter,
  keyToBytes,
  KvStateMachine,
} from "@raftkv/core/kv";
import type { LogIndex, Term } from "@raftkv/core/raft";
import {
  checkHistory,
  type JournalEntry,
  type KvAnswer,
  type KvOperation,
  type Outcome,
  type WatchedMessage,
  type WatchRecord,
} from "@raftkv/sim/history";

/** A log, and who asked for what stands in it and when. */
class Story {
  readonly machine = new KvStateMachine();
  readonly history: KvOperation[] = [];
  readonly journal: JournalEntry[] = [];

  /** A command that was asked for and answered, or given up, at these moments, comes to the log. */
  tell(command: Command, [asked, ended]: [number, number], isLost = false): CommandResult {
    const index = this.journal.length + 1;
    const at = { term: 1, timeMs: 0 };
    const payload = encodeCommand(command);
    const entry = {
      index: index as LogIndex,
      term: 1 as Term,
      timeMs: 0,
      kind: "command",
      payload,
    };
    const result = this.machine.apply({ ...entry, kind: "command" });
    const operation = this.note(command, [asked, ended], {
      ...isLost ? { kind: "unknown" } : {
        kind: "answered",
        answer: { kind: "applied", index, result },
      },
    } as Outcome<KvAnswer>);
    this.journal.push({ ...at, index, command, result, operation });
    return result;
  }

  note(
    request: KvOperation["request"],
    [asked, ended]: [number, number],
    outcome: Outcome<KvAnswer>,
  ): number {
    const id = this.history.length;
    this.history.push({
      id,
      client: "c",
      request,
      invoked: { order: asked, timeMs: 0 },
      ended: { order: ended, timeMs: 0 },
      outcome,
    });
    return id;
  }

  /** The rules that it breaks, with a watch of one key that was told this. */
  broken(messages: readonly WatchedMessage[] = []): string[] {
    const { history, journal } = this;
    const range = { start: "a" as Key, end: keyAfter("a" as Key) };
    const kinds = ["put", "delete"] as const;
    const watch: WatchRecord = {
      ...{ name: "w", ...range, revision: 2, kinds, messages, endRevision: null },
    };
    const { findings } = checkHistory({ history, journal, watches: [watch] });
    return findings.map(({ rule }) => rule.slice(0, 3));
  }
}

function put(key: string): Command {
  const value = keyToBytes("v" as Key);
  return {
    kind: "commit",
    operations: [{ kind: "put", key: key as Key, value, encoding: "text" }],
  };
}

function readOf(key: string, machine: KvStateMachine): [KvOperation["request"], Outcome<KvAnswer>] {
  const range = { start: key as Key, end: keyAfter(key as Key) };
  const { records } = machine.range({ ...range, limit: 1, bytesMax: Infinity });
  const { revision } = machine;
  return [
    { kind: "read", ...range, revision: null, limit: 1, isLinearizable: false },
    { kind: "answered", answer: { kind: "read", revision, records } },
  ];
}

/** A write of `a`, a read of it, and two writes of `b` with a compaction between, from moment 20 on. */
function story(): Story {
  const story = new Story();
  story.tell(put("a"), [1, 2]);
  const [request, outcome] = readOf("a", story.machine);
  story.note(request, [3, 4], outcome);
  story.tell(put("b"), [20, 21]);
  story.tell({ kind: "compact", revision: 3 }, [22, 23]);
  story.tell(put("b"), [24, 25]);
  return story;
}

function word(kind: "bookmark" | "compacted", revision: number, order: number): WatchedMessage {
  return { kind, revision, node: "n1", at: { order, timeMs: 0 } };
}

Deno.test("what is seen once it was asked for is accepted, and that there is nothing at first", () => {
  const empty = new Story();
  const [request, outcome] = readOf("a", empty.machine);
  empty.note(request, [1, 2], outcome);
  empty.tell(put("a"), [3, 4]);
  assertEquals(empty.broken([word("bookmark", 1, 2.5)]), []);
  assertEquals(story().broken([word("compacted", 3, 22.5), word("bookmark", 4, 24.5)]), []);
});

Deno.test("a watch is refused that is told of a compaction that nobody has asked for yet (I27)", () => {
  assertEquals(story().broken([word("compacted", 3, 21.5)]), ["I27"]);
});

Deno.test("a watch is refused whose bookmark is ahead of the store (I27)", () => {
  const firstWrite = new Story();
  firstWrite.tell(put("a"), [1, 2]);
  const told: WatchedMessage = {
    kind: "events",
    events: [...firstWrite.machine.eventsAt(2, () => true)],
    ...{ revision: 2, node: "n1", at: { order: 5, timeMs: 0 } },
  };
  assertEquals(story().broken([told, word("bookmark", 3, 20.5), word("bookmark", 4, 24.5)]), []);
  assertEquals(story().broken([told, word("bookmark", 3, 6)]), ["I27"]);
});

Deno.test("a request of unknown outcome that acts before it was made is refused (I21)", () => {
  const lease = { kind: "lease_grant", lease: 5, ttlMs: 9_000 } as const;
  const renew = { kind: "lease_keep_alive", lease: 5 } as const;
  const played = (asked: number) => {
    const story = new Story();
    story.tell(put("a"), [1, 2]);
    const [request, outcome] = readOf("a", story.machine);
    story.note(request, [3, 4], outcome);
    story.tell(lease, [asked, asked + 1], true);
    story.tell(renew, [6, 9]);
    return story.broken();
  };
  assertEquals(played(8), []);
  assertEquals(played(10), ["I21"]);
});

Deno.test("a read that need not be fresh is refused if it sees what is yet to be asked for (I21)", () => {
  const played = (ended: number) => {
    const story = new Story();
    story.tell(put("a"), [1, 2]);
    story.tell(put("b"), [20, 21], true);
    const [request, outcome] = readOf("b", story.machine);
    story.note(request, [5, ended], outcome);
    return story.broken();
  };
  assertEquals(played(20.5), []);
  assertEquals(played(6), ["I21"]);
});
