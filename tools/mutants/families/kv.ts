/**
 * Bugs in the store: its past, watches, leases, and what must be the same on every replica.
 *
 * @module
 */
import type { Excused, Mutant } from "../mutant.ts";

/** All of them. */
export const KV: readonly Mutant[] = [
  {
    row: "K1",
    bug: "a snapshot tells an applied index that its data have already gone beyond",
    file: "core/kv/snapshot.ts",
    anchor: "  const records = state.records.view();",
    replacement: "  const { records } = state;",
    killer: { harness: "sim", seeds: 40, rules: ["I13", "I45", "I26"] },
  },
  {
    row: "K1",
    bug: "a retried request is not compared with what was remembered, and counts again",
    file: "core/kv/state_machine.ts",
    anchor: "      return { ...recollection.answer, replayed: true };",
    replacement: "      return execute(state, command);",
    killer: { harness: "sim", seeds: 40, rules: ["I22"] },
  },
  {
    row: "K3",
    bug: "a compaction takes the revision back to where it compacted",
    file: "core/kv/compaction.ts",
    anchor: "  state.compactRevision = revision;",
    replacement:
      "  state.compactRevision = revision;\n  state.revision = Math.max(revision, state.revision - 1);",
    killer: { harness: "sim", seeds: 40, rules: ["I26", "I23"] },
  },
  {
    row: "K4",
    bug: "what is left to sweep is forgotten at a restart",
    file: "core/kv/snapshot.ts",
    anchor: "  writer.varint(state.sweptRevision);",
    replacement: "  writer.varint(state.compactRevision);",
    killer: {
      harness: "test",
      file: "core/kv/history_test.ts",
      name: "what is left to sweep survives a restart, and replicas stay equal",
    },
  },
  {
    row: "K5",
    bug: "what a refused transaction did before it failed stays",
    file: "core/kv/commit.ts",
    anchor: "    draft.undo();\n",
    replacement: "",
    killer: {
      harness: "test",
      file: "core/kv/commit_test.ts",
      name: "a commit refused at any of its operations leaves the state as it was",
    },
  },
  {
    row: "K6",
    bug: "a watch that is read too slowly goes on with the present",
    file: "core/kv/watch_cursor.ts",
    anchor: "      const { compactRevision } = source;",
    replacement: `      if (source.revision - this.#next > 3) this.#next = source.revision;
      const { compactRevision } = source;`,
    killer: {
      harness: "test",
      file: "server/watch_test.ts",
      name: "a watch that is not read costs nothing and misses nothing",
    },
  },
  {
    row: "K6",
    bug: "a watch that looks too seldom goes on with the present",
    file: "core/kv/watch_cursor.ts",
    anchor: "      const { compactRevision } = source;",
    replacement: `      if (source.revision - this.#next > 20) this.#next = source.revision;
      const { compactRevision } = source;`,
    killer: { harness: "sim", seeds: 60, rules: ["I27"] },
  },
  {
    row: "K6",
    bug: "of a revision that takes several turns to read, a watch is told what one turn read",
    file: "core/kv/watch_cursor.ts",
    anchor: "      if (this.#steps >= lastStep) return null;",
    replacement: "      if (this.#steps >= lastStep) break;",
    killer: { harness: "sim", seeds: 60, rules: ["I27"] },
  },
  {
    row: "K7",
    bug: "a bookmark overtakes events",
    file: "core/kv/watch_cursor.ts",
    anchor: '{ kind: "bookmark", revision: this.#next - 1 }',
    replacement: '{ kind: "bookmark", revision }',
    killer: {
      harness: "test",
      file: "server/watch_test.ts",
      name: "a watch from a past revision tells the past first, and goes on with the present",
    },
  },
  {
    row: "K7",
    bug: "a bookmark tells of revisions that were not looked at",
    file: "core/kv/watch_cursor.ts",
    anchor: '{ kind: "bookmark", revision: this.#next - 1 }',
    replacement: '{ kind: "bookmark", revision }',
    killer: { harness: "sim", seeds: 60, rules: ["I27"] },
  },
  {
    row: "K8",
    bug: "after a snapshot was installed, a watch does not find what changed before it",
    file: "core/kv/snapshot_reader.ts",
    anchor: "  if (revision > sweptRevision) changes.add(revision, key);",
    replacement: "  if (revision < sweptRevision) changes.add(revision, key);",
    killer: { harness: "sim", seeds: 60, rules: ["I27", "I13", "I45"] },
  },
  {
    row: "K8",
    bug: "a watch that is behind is told that what it missed is compacted, though it is not",
    file: "core/kv/watch_cursor.ts",
    anchor: "      const { compactRevision } = source;",
    replacement:
      "      const compactRevision = Math.max(source.compactRevision, source.revision - 25);",
    killer: { harness: "sim", seeds: 100, rules: ["I27"] },
  },
  {
    row: "K9",
    bug: "the deletion right after the compacted revision is swept with it",
    file: "core/kv/compaction.ts",
    anchor: "while (left > 0 && state.sweptRevision < state.compactRevision)",
    replacement: "while (left > 0 && state.sweptRevision <= state.compactRevision)",
    killer: {
      harness: "test",
      file: "core/kv/events_test.ts",
      name: "a deletion right after the compacted revision is still told (K9)",
    },
  },
  {
    row: "K10",
    bug: "a watch of a revision to come tells of earlier ones",
    file: "server/watch_stream.ts",
    anchor: "new WatchCursor({ ...range, kinds }, revision)",
    replacement:
      "new WatchCursor({ ...range, kinds }, Math.min(revision, port.events.revision + 1))",
    killer: {
      harness: "test",
      file: "server/watch_test.ts",
      name: "a watch of a revision to come tells nothing before it comes",
    },
  },
  {
    row: "K10",
    bug: "a watch of a revision to come begins with the present on a node that is behind",
    file: "core/kv/watch_cursor.ts",
    anchor: "    const lastStep = this.#steps + stepsMax;",
    replacement: `    if (this.#next > source.revision + 1) this.#next = source.revision + 1;
    const lastStep = this.#steps + stepsMax;`,
    killer: { harness: "sim", seeds: 60, rules: ["I27"] },
  },
  {
    row: "K13",
    bug: "a new leader's clock ends leases early",
    file: "core/kv/clock.ts",
    anchor: "term === this.#last.term ? timeMs - this.#last.timeMs : 0",
    replacement: "term >= this.#last.term ? timeMs - this.#last.timeMs : 0",
    killer: { harness: "sim", seeds: 40, rules: ["I28", "I26", "I23"] },
  },
  {
    row: "K14",
    bug: "a lease that was revoked or has ended can be kept alive",
    file: "core/kv/expiry.ts",
    anchor: '  if (lease === undefined) return "lease_not_found";',
    replacement: `  if (lease === undefined && command.kind === "lease_keep_alive") {
    return { kind: "lease_renewed", lease: command.lease, ttlMs: 1_000, revision: state.revision };
  }
  if (lease === undefined) return "lease_not_found";`,
    killer: { harness: "sim", seeds: 60, rules: ["I28"] },
  },
  {
    row: "K15",
    bug: "each new leader gives all leases their whole time again",
    file: "core/kv/state_machine.ts",
    anchor: "    state.clock.advance(entry);\n",
    replacement: `    const ids = state.clock.knows(entry.term) ? [] : state.leases.ids(0, 1_000);
    state.clock.advance(entry);
    for (const id of ids) {
      const lease = state.leases.get(id)!;
      state.leases.set({ ...lease, expiresMs: state.clock.nowMs + lease.ttlMs });
    }
`,
    killer: { harness: "sim", seeds: 40, rules: ["I28", "I26", "I23"] },
  },
  {
    row: "K14",
    bug: "a value is served after its time is over",
    file: "core/kv/state_machine.ts",
    anchor: "    expireDue(state);\n",
    replacement: "",
    killer: {
      harness: "test",
      file: "core/kv/lease_test.ts",
      name: "no command finds an expired value, though nobody asked for its end",
    },
  },
  {
    row: "K20",
    bug: "a payload that is no command throws, on the nodes that meet it",
    file: "core/kv/state_machine.ts",
    anchor: "    if (error instanceof DecodeError) return null;\n",
    replacement: "",
    killer: {
      harness: "test",
      file: "core/kv/state_machine_test.ts",
      name: "a payload that is no command is refused, and changes nothing but the digest",
    },
  },
  {
    row: "K20",
    bug: "a command means something else on a node by chance",
    file: "core/kv/clock.ts",
    anchor: "    return this.#nowMs + Math.max(0, passedMs);",
    replacement: "    return this.#nowMs + Math.max(0, passedMs) + Math.floor(Math.random() * 2);",
    killer: { harness: "sim", seeds: 20, rules: ["I13", "I45"] },
  },
];

/** Rows without a mutant. */
export const KV_EXCUSED: readonly Excused[] = [
  {
    row: "K2",
    why:
      "there is no second file in which the store is rewritten: the state is in memory, and K1 and " +
      "K4 put the same bug into the snapshot",
  },
  {
    row: "K17",
    why:
      "there are no users and rights in the store; that what clients may do stands in snapshots " +
      "is shown with sessions (L11) and members (M11)",
  },
];
