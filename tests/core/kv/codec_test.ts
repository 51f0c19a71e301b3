import { assertEquals, assertThrows } from "@std/assert";
import { DecodeError } from "@raftkv/core/codec";
import {
  type Command,
  type CommandResult,
  decodeCommand,
  decodeResult,
  encodeCommand,
  encodeResult,
  type Key,
  keyFromBytes,
  type OnceRef,
  type Operation,
  type OperationResult,
} from "@raftkv/core/kv";
import { pcg32 } from "../../../core/random.ts";
import { Draw } from "../codec/random_message.ts";
import { del, put } from "./apply.ts";

Deno.test("a command comes back from its bytes, and not from fewer or more", () => {
  const draw = new Draw(pcg32(21));
  for (let i = 0; i < 300; i++) {
    const command = drawCommand(draw);
    const bytes = encodeCommand(command);
    assertEquals(decodeCommand(bytes), command);
    assertCutIsRefused(bytes, decodeCommand);
  }
});

Deno.test("an answer comes back from its bytes, and not from fewer or more", () => {
  const draw = new Draw(pcg32(22));
  for (let i = 0; i < 300; i++) {
    const result = drawResult(draw);
    const bytes = encodeResult(result);
    assertEquals(decodeResult(bytes), result);
    assertCutIsRefused(bytes, decodeResult);
  }
});

Deno.test("whatever the bytes, a command or an answer decodes, or throws a DecodeError", () => {
  const draw = new Draw(pcg32(23));
  for (let i = 0; i < 20_000; i++) {
    for (const decode of [decodeCommand, decodeResult]) {
      const bytes = i % 2 === 0 ? draw.bytes(40) : encodeCommand(drawCommand(draw));
      if (bytes.length > 1) bytes[draw.upTo(bytes.length - 1)] = draw.upTo(255);
      if (bytes.length > 1 && draw.flag()) bytes.set([1, 1 + draw.upTo(4)]);
      try {
        decode(bytes);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    }
  }
});

Deno.test("a commit over a limit by one is refused, at the limit it is not", () => {
  const key = (size: number) => keyFromBytes(new Uint8Array(size));
  const commitOf = (...operations: Operation[]): Command => ({
    kind: "commit",
    operations,
  });
  const putOf = (key: Key, valueBytes: number): Operation => {
    return { kind: "put", key, value: new Uint8Array(valueBytes), encoding: "bytes" };
  };
  const many = (count: number) => Array.from({ length: count }, (_, i) => del(`k${i}`));
  for (
    const [good, bad] of [
      [commitOf(putOf(key(2_048), 0)), commitOf(putOf(key(2_049), 0))],
      [commitOf({ kind: "delete", key: key(1) }), commitOf({ kind: "delete", key: key(0) })],
      [commitOf(putOf(key(1), 1_048_576)), commitOf(putOf(key(1), 1_048_577))],
      [commitOf(...many(128)), commitOf(...many(129))],
    ] as const
  ) {
    assertEquals(decodeCommand(encodeCommand(good)).kind, "commit");
    assertThrows(() => decodeCommand(encodeCommand(bad)), DecodeError);
  }
});

Deno.test("a commit that names a key twice is refused", () => {
  for (const second of [put("a", "2"), del("a")]) {
    const operations = [put("a", "1"), second];
    const bytes = encodeCommand({ kind: "commit", operations });
    assertEquals(
      assertThrows(() => decodeCommand(bytes), DecodeError).reason,
      "Commit names a key twice",
    );
  }
});

Deno.test("sequences begin at 1", () => {
  const once = { session: 1, sequence: 0 };
  const bytes = encodeCommand({ kind: "commit", once, operations: [] });
  assertThrows(() => decodeCommand(bytes), DecodeError);
});

function assertCutIsRefused(bytes: Uint8Array, decode: (bytes: Uint8Array) => unknown): void {
  for (let size = 0; size < bytes.length; size++) {
    assertThrows(() => decode(bytes.subarray(0, size)), DecodeError);
  }
  assertThrows(() => decode(Uint8Array.of(...bytes, 0)), DecodeError);
}

function drawCommand(draw: Draw): Command {
  const name = drawName(draw);
  switch (draw.upTo(9)) {
    case 0:
      return { kind: "open_session" };
    case 1:
      return { kind: "compact", ...name, revision: draw.integer() };
    case 2:
      return { kind: "lease_grant", ...name, lease: draw.integer(), ttlMs: 1_000 };
    case 3:
      return { kind: "lease_revoke", ...name, lease: draw.integer() };
  }
  const operations = Array.from({ length: draw.upTo(4) }, (_, i): Operation => {
    const key = keyFromBytes(Uint8Array.of(i, ...draw.bytes(20)));
    if (draw.flag()) return { kind: "delete", key };
    const encoding = draw.oneOf(["text", "json", "bytes"] as const);
    return { kind: "put", key, value: draw.bytes(30), encoding };
  });
  return { kind: "commit", ...name, operations };
}

function drawName(draw: Draw): { readonly once?: OnceRef } {
  switch (draw.upTo(2)) {
    case 0:
      return {};
    case 1:
      return { once: { session: draw.integer(), sequence: Math.max(1, draw.integer()) } };
    default:
      return { once: { idempotencyKey: "k".repeat(1 + draw.upTo(254)) } };
  }
}

function drawResult(draw: Draw): CommandResult {
  const replayed = draw.flag() ? { replayed: true } as const : {};
  switch (draw.upTo(5)) {
    case 4:
      return { kind: "compacted", compactRevision: 3, revision: draw.integer(), ...replayed };
    case 5:
      return { kind: "lease_granted", lease: 3, ttlMs: 5, revision: 7, ...replayed };
    case 0:
      return { kind: "session_opened", session: draw.integer(), revision: draw.integer() };
    case 1:
      return { kind: "refused", reason: draw.oneOf(["session_expired", "malformed"] as const) };
    default: {
      const revision = draw.integer();
      const results = Array.from({ length: draw.upTo(4) }, (): OperationResult => {
        if (draw.flag()) return { kind: "delete", deleted: draw.flag() ? 1 : 0 };
        const [createRevision, version] = [draw.integer(), draw.integer()];
        return { kind: "put", createRevision, modRevision: revision, version };
      });
      const succeeded = draw.flag();
      return { kind: "committed", revision, succeeded, results, ...replayed };
    }
  }
}
