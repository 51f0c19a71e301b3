/**
 * Everything a node does to keep its place in the cluster.
 *
 * @module
 */

import type { Transport } from "@raftkv/core";
import type { Member, RaftTiming } from "@raftkv/core/raft";
import type { Input, Replica } from "@raftkv/core/replica";
import { CatchUp } from "./catch_up.ts";
import type { Duty } from "./duty.ts";
import type { NodeEvent } from "./node_events.ts";
import type { NotAMemberError } from "./not_a_member_error.ts";
import { OwnAddress } from "./own_address.ts";
import { PeerSet } from "./peer_set.ts";
import type { ClusterDesk } from "./application.ts";
import { Standing } from "./standing.ts";

/** What the duties work with. */
export interface DutyParts {
  readonly replica: Replica<unknown>;
  readonly transport: Transport;
  readonly port: ClusterDesk;
  readonly timing: RaftTiming;
  readonly push: (input: Input) => void;
  readonly incarnation: string | undefined;
  /** The node's own URL. */
  readonly url: string;
  /** Whether an operator named it. */
  readonly isAdvertised: boolean;
  /** Members known by hearsay. */
  readonly guides: readonly Member[];
  /** Nodes to ask who the members are. */
  readonly urls: readonly string[];
  readonly onEvent: (event: NodeEvent) => void;
  /** The node does not belong to its cluster. */
  readonly onExpelled: (error: NotAMemberError) => void;
}

/** The duties of a node, not yet begun. */
export function dutiesOf(parts: DutyParts): readonly Duty[] {
  const { replica, transport, port, timing, incarnation, url, urls, onEvent, onExpelled } = parts;
  const peers = new PeerSet(replica, transport, {
    told: parts.guides,
    onDropped: (peer) => parts.push({ kind: "peer_down", peer }),
  });
  return [
    peers,
    new Standing({
      ...{ replica, incarnation, urls, onExpelled },
      clusterId: port.clusterId,
      ownUrl: url,
      waitMs: timing.electionTimeoutMsMax,
      onMembers: (members) => peers.learn(members),
    }),
    new OwnAddress({
      ...{ replica, url },
      isNamed: parts.isAdvertised,
      move: (self) => {
        const change = { add: [], remove: [], promote: [], move: [self] };
        return port.changeMembership({ change, expectedIndex: null }, { timeoutMs: ASK_MS });
      },
      onRefused: (error) => onEvent({ kind: "internal_error", error }),
    }),
    new CatchUp({
      ...{ replica, onEvent },
      ask: async () => {
        const members = await port.clusterStatus({ timeoutMs: timing.electionTimeoutMsMin });
        return members.map(({ status }) => status);
      },
    }),
  ];
}

const ASK_MS = 5_000;
