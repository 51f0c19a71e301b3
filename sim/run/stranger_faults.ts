/**
 * Strangers at the doors of nodes and at the addresses of their peers.
 *
 * @module
 */

import { encodeMessage } from "@raftkv/core/codec";
import type { LogIndex, Member, Message, NodeId, ReadRound, Term } from "@raftkv/core/raft";
import type { SimulatedNode } from "../node.ts";
import { CLUSTER_ID, type Guise, knock, lieInWait } from "../stranger.ts";
import type { FaultClass, Storm } from "./fault.ts";

/** What strangers say: each of it would do harm in the name of a member. */
function speech(storm: Storm, term: Term): Message {
  const later = term + 1 as Term;
  const last = { index: 1_000_000 as LogIndex, term: later };
  return storm.oneOf<Message>([
    {
      type: "heartbeat_request",
      term: later,
      commitIndex: 0 as LogIndex,
      round: 0 as ReadRound,
      sentAtMs: 0,
    },
    { type: "vote_request", term: later, last, transfer: true },
    { type: "vote_response", term, granted: true },
    { type: "append_accepted", term, matchIndex: 0 as LogIndex },
    { type: "timeout_now", term },
  ]);
}

/** A member, but for one thing. */
function disguise(storm: Storm, member: Member & { readonly incarnation: string }): Guise {
  const { id, incarnation } = member;
  const honest = { clusterId: CLUSTER_ID, id, incarnation, knowsSecret: true };
  return storm.oneOf<Guise>([
    { ...honest, clusterId: "another cluster" },
    { ...honest, incarnation: "f".repeat(32) },
    { ...honest, knowsSecret: false },
  ]);
}

/** Comes to a node as somebody who is no member, as a member that it is not, or by mistake. */
function visit(storm: Storm, node: SimulatedNode<unknown>): void {
  const { id, peers } = node;
  const known = peers.filter(isAcquainted);
  const others = storm.world.nodes.filter((each) => each.id !== id);
  const outsiders = others.filter((each) => !peers.some((peer) => peer.id === each.id));
  const outsider = outsiders.length === 0 ? null : storm.oneOf(outsiders);
  const dice = storm.random();
  let meant = id;
  let guise: Guise = {
    clusterId: CLUSTER_ID,
    id: outsider?.id ?? "nobody" as NodeId,
    incarnation: outsider?.incarnation ?? "f".repeat(32),
    knowsSecret: true,
  };
  if (dice < 0.6 && known.length > 0) guise = disguise(storm, storm.oneOf(known));
  else if (dice < 0.8 && known.length > 0 && others.length > 1) {
    const { id: from, incarnation } = storm.oneOf(known);
    guise = { ...guise, id: from, incarnation };
    meant = storm.oneOf(others.filter((each) => each.id !== from)).id;
  }
  come(storm, node, { guise, by: (each) => knock(each, meant) });
}

/** Sits at the address of a peer that the node dials. */
function squat(storm: Storm, node: SimulatedNode<unknown>): void {
  const known = node.peers.filter(isAcquainted);
  const dialed = known.filter((peer) => node.id < peer.id);
  if (dialed.length === 0) return visit(storm, node);
  const peer = storm.oneOf(dialed);
  const [other] = known.filter((each) => each.id !== peer.id);
  const guise = other !== undefined && storm.random() < 0.25
    ? { clusterId: CLUSTER_ID, id: other.id, incarnation: other.incarnation, knowsSecret: true }
    : disguise(storm, peer);
  come(storm, node, { guise, by: (each) => lieInWait(each, peer.id) });
}

function come(
  storm: Storm,
  node: SimulatedNode<unknown>,
  { by, guise }: {
    readonly guise: Guise;
    readonly by: (visit: Parameters<typeof knock>[0]) => void;
  },
): void {
  storm.note(`stranger: ${guise.id} of ${guise.clusterId} at ${node.id}`);
  const message = encodeMessage(speech(storm, node.status()?.term ?? 0 as Term));
  by({
    host: node,
    guise,
    message,
    onRefused: (refusal) => storm.marks.hit(`a stranger was refused: ${refusal}`),
    // As an event of its own: what it breaks is then the run's to report.
    onHeard: (work) => storm.world.queue.after(0, work),
  });
  // Proofs are made and checked asynchronously, though not in threads.
  storm.world.queue.owesTurn = true;
}

function isAcquainted(member: Member): member is Member & { readonly incarnation: string } {
  return member.incarnation !== undefined;
}

/** Those who do not belong to the cluster. */
export const STRANGER_FAULTS: readonly FaultClass[] = [
  {
    name: "stranger",
    what: "others speak in the names of members, or from their addresses",
    begin(storm) {
      storm.every(storm.between(500, 20_000), () => {
        const node = storm.anyUp();
        if (node === null) return;
        if (storm.random() < 0.5) visit(storm, node);
        else squat(storm, node);
      });
    },
  },
];
