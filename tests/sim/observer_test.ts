import { assertThrows } from "@std/assert";
import { InvariantViolation } from "@raftkv/core";
import type {
  Configuration,
  Entry,
  HardState,
  LogIndex,
  Message,
  NodeId,
  NodeStatus,
  Role,
  Term,
  Ticket,
} from "@raftkv/core/raft";
import { type Observed, Observer } from "@raftkv/sim";
import {
  accepted,
  chunkAnswer,
  entries,
  heartbeat,
  members,
  preVoteRequest,
  snapshot,
  vote,
  voteRequest,
} from "../support/raft_messages.ts";

/** A node that claims whatever a test makes it claim. */
class Impostor implements Observed {
  readonly id: NodeId;
  configuration: Configuration = members(3);
  hardState: HardState = { term: 3 as Term, votedFor: null };
  log: Entry[] = [];
  role: Role = "follower";
  commitIndex = 0;

  constructor(id: string) {
    this.id = id as NodeId;
  }

  readonly disk = {
    termAt: (index: LogIndex) => this.log[index - 1]?.term ?? (index === 0 ? 0 as Term : null),
    isCompacted: () => false,
    lastIndex: 0 as LogIndex,
    hardState: this.hardState,
  };

  write(terms: readonly number[], observer?: Observer, hardState: HardState | null = null): this {
    this.log = entries(0, terms);
    this.disk.lastIndex = terms.length as LogIndex;
    if (hardState !== null) this.disk.hardState = hardState;
    observer?.onPersisted(this, { ticket: 1 as Ticket, hardState, entries: this.log, repairs: [] });
    return this;
  }

  status(): NodeStatus {
    return {
      id: this.id,
      role: this.role,
      term: this.disk.hardState.term,
      leaderId: null,
      lastIndex: 9 as LogIndex,
      commitIndex: this.commitIndex as LogIndex,
      appliedIndex: 0 as LogIndex,
      snapshotIndex: 0 as LogIndex,
      revision: 0,
    };
  }
}

function setUp() {
  const nodes = members(3).voters.map((id) => new Impostor(id));
  const observer = new Observer(() => nodes);
  const [n1, n2, n3] = nodes as [Impostor, Impostor, Impostor];
  const send = (message: Message, to = "n2") => observer.onSent(n1, { to: to as NodeId, message });
  const lead = (node: Impostor, commitIndex: number) => {
    node.role = "leader";
    node.commitIndex = commitIndex;
    observer.onStepped(node);
  };
  return { observer, n1, n2, n3, send, lead };
}

function refuses(
  what: string,
  rule: string,
  deed: (set: ReturnType<typeof setUp>) => void,
): void {
  Deno.test(`the observer refuses ${what}`, () => {
    assertThrows(() => deed(setUp()), InvariantViolation, rule);
  });
}

refuses(
  "a message that shows a term which is not durable (I3)",
  "no message shows a term",
  ({ send }) => send(heartbeat(4)),
);

refuses("a candidate whose own vote is not durable (I19)", "a vote is durable", ({ send }) => {
  send(voteRequest(3, [0, 0]));
});

refuses("a vote that is not durable (I19)", "a vote is durable", ({ send }) => send(vote(3, true)));

refuses("a second vote in a term (I2)", "one vote per term", ({ n1, send }) => {
  n1.disk.hardState = { term: 3 as Term, votedFor: "n2" as NodeId };
  send(vote(3, true));
  n1.disk.hardState = { term: 3 as Term, votedFor: "n3" as NodeId };
  send(vote(3, true), "n3");
});

refuses(
  "an acknowledgement of entries that are not durable (I15, I19)",
  "entries are durable before",
  ({ n1, send }) => {
    n1.write([3]);
    send(accepted(3, 2));
  },
);

refuses("an installed snapshot that is not durable", "entries are durable before", ({ send }) => {
  send(chunkAnswer(3, { index: 5, next: 0, installed: true }));
});

refuses(
  "a durable term that goes back (I3)",
  "a durable term never goes back",
  ({ n1, observer }) => {
    n1.write([], observer, { term: 4 as Term, votedFor: null });
    n1.write([], observer, { term: 3 as Term, votedFor: null });
  },
);

refuses(
  "a durable vote that changes within its term (I2)",
  "a durable vote never changes",
  ({ n1, observer }) => {
    n1.write([], observer, { term: 4 as Term, votedFor: "n2" as NodeId });
    n1.write([], observer, { term: 4 as Term, votedFor: "n3" as NodeId });
  },
);

refuses(
  "two logs that differ before an equal entry (I5)",
  "log matching",
  ({ n1, n2, observer }) => {
    n1.write([1, 3], observer);
    n2.write([2, 3], observer);
  },
);

refuses("two leaders in a term (I1)", "election safety", ({ n1, n2, lead }) => {
  lead(n1, 0);
  lead(n2, 0);
});

refuses(
  "a commit in a joint configuration that a majority of one half lacks (R11)",
  "durable on a majority",
  ({ n1, n2, observer, lead }) => {
    const voters = members(1).voters;
    n1.configuration = { ...members(3), voters, votersOutgoing: members(3).voters };
    n1.write([3], observer);
    n2.write([3], observer);
    lead(n1, 1);
    n1.write([3, 3], observer);
    lead(n1, 2);
  },
);

refuses(
  "a commit that is not durable on a majority (I9)",
  "durable on a majority",
  ({ n1, observer, lead }) => {
    n1.write([3], observer);
    lead(n1, 1);
  },
);

refuses(
  "a commit of an earlier term's entry by counting (I10)",
  "own term is committed by counting",
  ({ n1, n2, observer, lead }) => {
    n1.write([2], observer);
    n2.write([2], observer);
    lead(n1, 1);
  },
);

refuses(
  "a commit index that someone else than a leader finds out",
  "only a leader finds out",
  ({ n1, n2, observer }) => {
    n1.write([3], observer);
    n2.write([3], observer);
    n1.commitIndex = 1;
    observer.onStepped(n1);
  },
);

refuses(
  "a leader without a committed entry (I6)",
  "leader completeness",
  ({ n1, n2, n3, observer, lead }) => {
    n1.write([3], observer);
    n2.write([3], observer);
    lead(n1, 1);
    n3.disk.hardState = { term: 4 as Term, votedFor: n3.id };
    lead(n3, 0);
  },
);

refuses(
  "an entry applied that is not committed (I8)",
  "state machine safety",
  ({ n1, observer }) => {
    n1.write([3], observer);
    observer.onApplied(n1.id, n1.log[0]!);
  },
);

refuses("an entry applied twice (I12)", "in order, each once", ({ n1, n2, observer, lead }) => {
  n1.write([3], observer);
  n2.write([3], observer);
  lead(n1, 1);
  observer.onApplied(n1.id, n1.log[0]!);
  observer.onApplied(n1.id, n1.log[0]!);
});

refuses(
  "a commit index that goes back while a node runs (I11)",
  "never goes back while a node runs",
  ({ n1, n2, observer, lead }) => {
    n1.write([3, 3], observer);
    n2.write([3, 3], observer);
    lead(n1, 2);
    lead(n1, 1);
  },
);

refuses("different states at one index (I13)", "equal states", ({ n1, n2, observer }) => {
  observer.onSnapshot(n1, snapshot([3, 1]));
  observer.onSnapshot(n2, { ...snapshot([3, 1]), digest: "e".repeat(64) });
});

Deno.test("the observer has nothing against what is allowed", () => {
  const { observer, n1, n2, n3, send, lead } = setUp();
  send(preVoteRequest(9, [0, 0]));
  n1.write([3], observer, { term: 3 as Term, votedFor: n1.id });
  send(voteRequest(3, [0, 0]));
  send(accepted(3, 1));
  n2.write([3], observer);
  lead(n1, 1);
  observer.onApplied(n1.id, n1.log[0]!);
  observer.onCrashed(n1.id);
  observer.onApplied(n1.id, n1.log[0]!);
  n3.write([3], observer);
  n3.disk.hardState = { term: 4 as Term, votedFor: n3.id };
  lead(n3, 1);
});
