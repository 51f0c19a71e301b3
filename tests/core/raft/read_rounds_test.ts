import { assertEquals } from "@std/assert";
import type { LogIndex } from "@raftkv/core/raft";
import { ReadRounds } from "../../../core/raft/read_rounds.ts";

const at = (index: number) => index as LogIndex;

//
Deno.test("a round is granted at the commit index it began with, to all its reads", () => {
  const rounds = new ReadRounds<string>();
  rounds.add("a");
  rounds.add("b");
  rounds.begin(at(7));
  assertEquals(rounds.maybeConfirm(rounds.round), [
    { token: "a", index: at(7), proof: "quorum" },
    { token: "b", index: at(7), proof: "quorum" },
  ]);
  assertEquals([rounds.isOpen, rounds.hasWaiting], [false, false]);
});

//
Deno.test("a read never joins a round that has begun", () => {
  const rounds = new ReadRounds<string>();
  rounds.add("a");
  rounds.begin(at(7));
  rounds.add("late");
  assertEquals(rounds.maybeConfirm(rounds.round).map(({ token }) => token), ["a"]);
  assertEquals(rounds.hasWaiting, true);
});

//
Deno.test("answers to an earlier round confirm nothing (L3)", () => {
  const rounds = new ReadRounds<string>();
  rounds.add("a");
  rounds.begin(at(7));
  const first = rounds.round;
  rounds.maybeConfirm(first);
  rounds.add("b");
  rounds.begin(at(7));
  assertEquals(rounds.maybeConfirm(first), []);
  assertEquals(rounds.maybeConfirm(rounds.round).length, 1);
});

//
Deno.test("no round asks for answers while none is open", () => {
  const rounds = new ReadRounds<string>();
  assertEquals(rounds.round === 0, true);
  rounds.add("a");
  rounds.begin(at(7));
  rounds.maybeConfirm(rounds.round);
  assertEquals(rounds.round === 0, true);
  assertEquals(rounds.maybeConfirm(99), []);
});

//
Deno.test("when the leadership ends, begun and waiting reads are given back once", () => {
  const rounds = new ReadRounds<string>();
  rounds.add("a");
  rounds.begin(at(7));
  rounds.add("b");
  assertEquals(rounds.abandon(), ["a", "b"]);
  assertEquals(rounds.abandon(), []);
});
