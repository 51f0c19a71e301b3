/**
 * Which links a node holds while its log catches up with the membership.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Transport } from "@raftkv/core";
import { type Configuration, configurationOf, type Member, type NodeId } from "@raftkv/core/raft";
import type { Replica } from "@raftkv/core/replica";
import { PeerSet } from "../../server/peer_set.ts";
import { until } from "../process/until.ts";

const member = (id: string): Member => ({ id: id as NodeId, url: `http://${id}.test` });

/** A node n3 whose configuration and leader the test sets, and the links it would hold. */
function setUp(ids: readonly string[], told: readonly string[]) {
  const log = {
    id: "n3" as NodeId,
    leaderId: null as NodeId | null,
    isConfigurationCommitted: true,
    configuration: configurationOf(ids.map(member)) as Configuration,
    get members() {
      return this.configuration.members;
    },
    get peers() {
      return this.members.filter(({ id }) => id !== "n3");
    },
  };
  let held: string[] = [];
  const transport: Transport = {
    setPeers: (peers) => void (held = peers.map(({ id }) => `${id}`).sort()),
    send: () => true,
    isUp: () => true,
    close: () => Promise.resolve(),
  };
  const dropped: string[] = [];
  const set = new PeerSet(log as unknown as Replica<unknown>, transport, {
    told: told.map(member),
    onDropped: (peer) => dropped.push(peer),
  });
  return { log, set, dropped, held: () => held };
}

Deno.test("links follow the configuration, and nothing is done while it stays as it is", () => {
  const { log, set, held } = setUp(["n1", "n2", "n3"], []);
  set.onTurn();
  assertEquals(held(), ["n1", "n2"]);
  log.configuration = configurationOf(["n1", "n2", "n3", "n4"].map(member));
  set.onTurn();
  assertEquals(held(), ["n1", "n2", "n4"]);
  set.stop();
});

Deno.test("a node keeps the links it was told of until its log names it and its leader", () => {
  const { log, set, held } = setUp([], ["n3", "n8", "n9"]);
  set.onTurn();
  assertEquals(held(), ["n8", "n9"]);
  // It reads of members of the past, from a leader that they did not know.
  log.leaderId = "n9" as NodeId;
  log.configuration = configurationOf(["n1", "n2"].map(member));
  set.onTurn();
  assertEquals(held(), ["n1", "n2", "n8", "n9"]);
  log.configuration = configurationOf(["n3", "n9"].map(member));
  set.onTurn();
  set.stop();
  assertEquals(held().includes("n9"), true);
});

Deno.test("the link to a member that left lasts a moment, and its end is told", async () => {
  const { log, set, dropped, held } = setUp(["n1", "n2", "n3"], []);
  set.onTurn();
  log.configuration = configurationOf(["n2", "n3"].map(member));
  set.onTurn();
  assertEquals([held(), dropped], [["n1", "n2"], []]);
  await until("the link to end", () => dropped.length > 0);
  assertEquals([held(), dropped], [["n2"], ["n1"]]);
  set.stop();
});
