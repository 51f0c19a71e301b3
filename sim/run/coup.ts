/**
 * What it takes to depose a leader within the time for which it was promised that nobody would: one
 * node has missed it for long and goes on asking, and all at once it is cut off from the others, who
 * hear that their links to it broke, or start anew. No chance among independent faults brings these
 * together within an election timeout.
 *
 * @module
 */

import type { NodeId } from "@raftkv/core/raft";
import type { FaultClass, Storm } from "./fault.ts";
import { alone, waysBetween } from "./network_faults.ts";

function coup(storm: Storm): void {
  const { world, marks } = storm;
  const ids = () => world.nodes.map(({ id }) => id);
  const [leader] = world.leaders();
  const usurper = storm.oneOf(ids().filter((id) => id !== leader?.id));
  if (leader === undefined || usurper === undefined) return;
  const { id, term } = leader;
  storm.note(`coup: ${usurper} misses ${id}`);
  const { electionTimeoutMsMax } = world.timing;
  const heal = world.network.cutAll(waysBetween([id], [usurper]));
  const waitMs = electionTimeoutMsMax * (1 + storm.random());
  const lastsMs = electionTimeoutMsMax * (0.5 + storm.random());
  world.queue.after(waitMs + lastsMs, heal);
  storm.after(waitMs, () => {
    storm.note(`coup: ${id} is cut off`);
    const isLeading = world.leaders().some((each) => each.id === id && each.term === term);
    world.queue.after(lastsMs, world.network.cutAll(alone(id, ids())));
    for (const other of ids()) if (other !== id) loseFaith(storm, { leader: id, id: other });
    storm.after(lastsMs, () => {
      // Who was deposed before it was cut off, was so by others.
      const isDeposed = isLeading && world.leaders().some((each) => each.term > term);
      if (isDeposed) marks.hit("a coup came off");
    });
  });
}

/** By chance hears that its link to the leader broke, starts anew, or neither. */
function loseFaith(storm: Storm, { leader, id }: { leader: NodeId; id: NodeId }): void {
  const { world } = storm;
  const dice = storm.random();
  if (dice < 0.5) world.breakLink(id, leader);
  else if (dice < 0.9 && world.node(id).isUp) {
    world.crash(id);
    storm.after(storm.between(1, 20), () => world.start(id));
  }
}

/** A leader is deposed as fast as can be. */
export const COUP: FaultClass = {
  name: "coup",
  what: "the leader is cut off while another asks for votes, and the others forget about it",
  begin(storm) {
    storm.every(storm.between(2_000, 30_000), () => coup(storm));
  },
};
