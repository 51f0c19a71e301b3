import { assert, assertEquals } from "@std/assert";
import type { AppendRequest } from "@raftkv/core/raft";
import { accepted } from "../../support/raft_messages.ts";
import { ReplicaBench } from "../../support/replica_bench.ts";

/** A leader whose disk is at work on a first command. */
function writing(): ReplicaBench {
  const bench = new ReplicaBench().lead();
  bench.acknowledge();
  bench.sent = [];
  bench.diskHangs = true;
  bench.propose("first");
  bench.take("append_request");
  return bench;
}

const sizes = (requests: readonly AppendRequest[]) => requests.map(({ entries }) => entries.length);

// [P-6]
Deno.test("commands that come while the leader writes are the next batch, sent when it is through", () => {
  const bench = writing();
  for (const text of ["b", "c", "d"]) bench.propose(text);
  assertEquals(bench.take("append_request"), []);
  bench.sync();
  assertEquals(sizes(bench.take("append_request")), [3, 3]);
});

// [P-6]
Deno.test("commands do not wait for a disk that takes long", () => {
  const bench = writing();
  bench.propose("b");
  bench.nowMs += 5;
  bench.propose("c");
  assertEquals(sizes(bench.take("append_request")), [2, 2]);
});

// [P-6]
Deno.test("the news of a commit goes with the batch that is being gathered, or after the write", () => {
  const bench = writing();
  const { lastIndex, replica: { term } } = bench;
  bench.receive("n2", accepted(term, lastIndex)).receive("n3", accepted(term, lastIndex));
  assertEquals([bench.replica.status().commitIndex, bench.take("heartbeat_request")], [
    lastIndex,
    [],
  ]);
  bench.sync();
  assertEquals(bench.take("heartbeat_request").map(({ commitIndex }) => commitIndex), [
    lastIndex,
    lastIndex,
  ]);
});

// [P-6]
Deno.test("followers in the same place get one message, to be put into bytes once", () => {
  const bench = writing();
  for (const text of ["b", "c"]) bench.propose(text);
  bench.sync();
  const [first, second] = bench.take("append_request");
  assert(first !== undefined && first === second);
});
