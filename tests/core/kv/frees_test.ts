import { assertEquals } from "@std/assert";
import { type Command, encodeCommand, KvStateMachine, type Operation } from "@raftkv/core/kv";
import { del, keyOf, put } from "./apply.ts";

const commit = (
  operations: readonly Operation[],
  otherwise: readonly Operation[] = [],
): Command => ({
  kind: "commit",
  operations,
  otherwise,
});

const FREEING: readonly Command[] = [
  commit([del("a")]),
  commit([del("a"), { kind: "get", key: keyOf("b") }], [del("c")]),
  commit([{ kind: "commit", operations: [del("a")] }]),
  { kind: "open_session" },
  { kind: "compact", revision: 3 },
  { kind: "maintain", compactRevision: 0 },
  { kind: "lease_revoke", lease: 7 },
  { kind: "lease_keep_alive", lease: 7 },
];

const GROWING: readonly Command[] = [
  commit([put("a", "1")]),
  commit([del("a")], [put("a", "1")]),
  commit([{ kind: "commit", operations: [put("a", "1")] }]),
  { kind: "lease_grant", lease: 0, ttlMs: 1_000 },
];

Deno.test("deletes, compactions and renewals need no room of the store; whatever may put something does", () => {
  const machine = new KvStateMachine();
  const frees = (command: Command) => machine.frees(encodeCommand(command));
  assertEquals(FREEING.map(frees), FREEING.map(() => true));
  assertEquals(GROWING.map(frees), GROWING.map(() => false));
});
