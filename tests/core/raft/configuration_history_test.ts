import { assertEquals, assertThrows } from "@std/assert";
import { InvariantViolation } from "@raftkv/core";
import { type Configuration, configurationOf, type LogIndex, type NodeId } from "@raftkv/core/raft";
import { ConfigurationHistory } from "../../../core/raft/configuration_history.ts";

const at = (index: number) => index as LogIndex;
const id = (name: string) => name as NodeId;

function of(...names: string[]): Configuration {
  return configurationOf(names.map((name) => ({ id: id(name), url: `http://${name}` })));
}

function place(index: number, configuration: Configuration) {
  return { index: at(index), configuration };
}

/** In force: a before the log, ab from entry 3, bc from entry 7. */
function history(): ConfigurationHistory {
  const each = new ConfigurationHistory(place(0, of("a")));
  each.append(place(3, of("a", "b")));
  each.append(place(7, of("b", "c")));
  return each;
}

// [M-1]
Deno.test("the last configuration in the log is in force, committed or not", () => {
  assertEquals(history().latest, place(7, of("b", "c")));
});

// [M-1]
Deno.test("each entry has the configuration of the last one at or before it", () => {
  const each = history();
  assertEquals([0, 2].map((index) => each.at(at(index))), [of("a"), of("a")]);
  assertEquals([3, 6].map((index) => each.at(at(index))), [of("a", "b"), of("a", "b")]);
  assertEquals([7, 99].map((index) => each.at(at(index))), [of("b", "c"), of("b", "c")]);
});

// [M-1]
Deno.test("a log that is cut falls back to the configuration before the cut", () => {
  const cutAt = (index: number) => {
    const each = history();
    each.truncateFrom(at(index));
    return each.latest.index as number;
  };
  assertEquals([8, 7, 4, 3, 1].map(cutAt), [7, 3, 3, 0, 0]);
});

// [M-1]
Deno.test("what was in force before the held log survives any cut", () => {
  const each = new ConfigurationHistory(place(5, of("a")));
  each.append(place(6, of("b")));
  each.truncateFrom(at(6));
  assertEquals(each.latest, place(5, of("a")));
  each.truncateFrom(at(1));
  assertEquals(each.latest, place(5, of("a")));
});

// [M-7]
Deno.test("a voter of the committed configuration, or of a later one, may campaign", () => {
  const mayVote = (commitIndex: number) =>
    ["a", "b", "c", "d"].filter((name) => history().mayVote(id(name), at(commitIndex)));
  assertEquals(mayVote(2), ["a", "b", "c"]);
  assertEquals(mayVote(3), ["a", "b", "c"]);
  assertEquals(mayVote(7), ["b", "c"]);
});

// [M-9]
Deno.test("whoever leaves is linked until the configuration without it is committed", () => {
  const linked = (commitIndex: number) =>
    history().members(at(commitIndex)).map((member) => member.id as string);
  assertEquals(linked(0), ["a", "b", "c"]);
  assertEquals(linked(6), ["a", "b", "c"]);
  assertEquals(linked(7), ["b", "c"]);
});

// [M-9]
Deno.test("a member that moves is linked at its new address at once", () => {
  const each = new ConfigurationHistory(place(0, of("a")));
  each.append(place(1, configurationOf([{ id: id("a"), url: "http://new" }])));
  assertEquals(each.members(at(0)), [{ id: id("a"), url: "http://new" }]);
});

Deno.test("compaction keeps the configuration in force where it cuts", () => {
  const each = history();
  each.compact(at(5));
  assertEquals(each.at(at(5)), of("a", "b"));
  assertThrows(() => each.at(at(2)), InvariantViolation);
  each.compact(at(1));
  assertEquals(each.at(at(3)), of("a", "b"));
});

Deno.test("a snapshot takes the place of everything before", () => {
  const each = history();
  each.reset(place(20, of("x")));
  assertEquals([each.latest, each.at(at(20))], [place(20, of("x")), of("x")]);
  assertEquals(each.mayVote(id("b"), at(20)), false);
});

Deno.test("configurations follow each other in the log", () => {
  assertThrows(() => history().append(place(7, of("z"))), InvariantViolation);
});
