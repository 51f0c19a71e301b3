/**
 * A node that is to join a cluster in which somebody is known by a URL that nobody can dial.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { MemberJson } from "@raftkv/core/api";
import { joinCluster } from "../../server/join.ts";
import type { NodeEvent } from "../../server/node_events.ts";

Deno.test("a node joins nobody whom it could not dial, until that one says where it is reached", async () => {
  const own = "http://127.0.0.1:8004";
  let known: MemberJson[] = [{ id: "n1", url: "http://0.0.0.0:8001", role: "voter" }];
  const state = { clusterId: "c1", leaderId: "n1", index: 1, joint: false, committed: true };
  const events: NodeEvent[] = [];
  const methods: string[] = [];
  const options = { port: 0, hostname: "127.0.0.1", onListen: () => {} };
  await using door = Deno.serve(options, ({ method }) => {
    methods.push(method);
    if (method === "POST") known.push({ id: "n-4", url: own, role: "candidate" });
    return Response.json({ ...state, members: known });
  });
  const { clusterId, nodeId, members } = await joinCluster({
    ...{ urls: [`http://127.0.0.1:${door.addr.port}`], url: own, replaces: null },
    signal: AbortSignal.timeout(60_000),
    onEvent: (event) => {
      events.push(event);
      known = [{ id: "n1", url: "http://127.0.0.1:8001", role: "voter" }];
    },
  });
  assertEquals([clusterId, nodeId, members.length], ["c1", "n-4", 2] as unknown);
  assertEquals(methods, ["GET", "GET", "POST"]);
  const [event] = events;
  assert(event?.kind === "joining" && events.length === 1);
  assertEquals(
    event.problem,
    "Nobody can dial member n1 at http://0.0.0.0:8001: start it with --advertise, its URL for others",
  );
});
