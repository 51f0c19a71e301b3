/**
 * What every transport must do, as tests that run against any implementation.
 *
 * @module
 */

import { invariant, LIMITS } from "@raftkv/core";
import type { Member, NodeId, Transport, TransportEvents } from "@raftkv/core";

/** A node of a network under test. */
export interface ContractNode {
  /** Its transport. */
  readonly transport: Transport;
  /** How the others find it. */
  readonly member: Member;
}

/** A network under test. */
export interface ContractNetwork {
  /** Starts a node. */
  open(id: NodeId, events: TransportEvents): Promise<ContractNode>;
  /** Breaks the link between two nodes and keeps it broken. */
  cut(a: NodeId, b: NodeId): void;
  /** Lets two nodes link up again. */
  heal(a: NodeId, b: NodeId): void;
  /** Ends what the nodes' own `close` does not. */
  close(): Promise<void>;
}

/** An implementation under test. */
export interface TransportSubject {
  /** Its name, for the names of the tests. */
  readonly name: string;
  /** Makes an empty network. */
  readonly network: () => ContractNetwork;
}

/** Registers one test; `Deno.test` is one. */
export type RegisterTest = (name: string, body: () => Promise<void>) => void;

/** Records what a transport reports, and waits for it. */
export class EventLog implements TransportEvents {
  /** Every message, with its sender. */
  readonly messages: { readonly from: NodeId; readonly message: Uint8Array }[] = [];
  /** What peers said of their directories when their links came up. */
  readonly incarnations: (string | null)[] = [];
  /** Every change of a link, as `up n1` or `down n1: reason`. */
  readonly changes: string[] = [];
  #waiting: { readonly condition: () => boolean; readonly resolve: () => void }[] = [];

  onMessage = (from: NodeId, message: Uint8Array): void => {
    this.messages.push({ from, message });
    this.#settle();
  };

  onPeerUp = (peer: NodeId, incarnation: string | null): void => {
    this.incarnations.push(incarnation);
    this.changes.push(`up ${peer}`);
    this.#settle();
  };

  onPeerDown = (peer: NodeId, reason: string): void => {
    this.changes.push(`down ${peer}: ${reason}`);
    this.#settle();
  };

  /**
   * Resolves once `condition` holds; it is asked after every event.
   *
   * @throws {Error} if it does not hold within ten seconds
   */
  async until(what: string, condition: () => boolean): Promise<void> {
    if (condition()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      reject(
        new Error(`Gave up on waiting for: ${what}; changes so far: ${this.changes.join(", ")}`),
      );
    }, 10_000);
    this.#waiting.push({ condition, resolve });
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** How many of the changes begin with `text`. */
  count(text: string): number {
    return this.changes.filter((change) => change.startsWith(text)).length;
  }

  #settle(): void {
    const ready = this.#waiting.filter(({ condition }) => condition());
    this.#waiting = this.#waiting.filter((waiter) => !ready.includes(waiter));
    for (const { resolve } of ready) resolve();
  }
}

const A = "a" as NodeId;
const B = "b" as NodeId;
const C = "c" as NodeId;

interface Party extends ContractNode {
  readonly id: NodeId;
  readonly log: EventLog;
}

/** Registers the contract's tests for one implementation. */
export function transportContract(subject: TransportSubject, test: RegisterTest): void {
  const rule = (sentence: string, body: (network: ContractNetwork) => Promise<void>) =>
    test(`${subject.name}: ${sentence}`, async () => {
      const network = subject.network();
      try {
        await body(network);
      } finally {
        await network.close();
      }
    });

  messageRules(rule);
  linkRules(rule);
  membershipRules(rule);
  closingRules(rule);
}

type Rule = (sentence: string, body: (network: ContractNetwork) => Promise<void>) => void;

function messageRules(rule: Rule): void {
  rule("messages of every size arrive whole, in order and unaltered", async (network) => {
    const [a, b] = await pair(network);
    const sizes = [0, 1, 125, 126, 65_535, 65_536, LIMITS.messageBytesMax, 3];
    for (const [from, to] of [[a, b], [b, a]] as const) {
      for (const [index, size] of sizes.entries()) {
        invariant(from.transport.send(to.id, pattern(size)), "an empty link takes a message");
        await to.log.until(`message ${index}`, () => to.log.messages.length === index + 1);
      }
      for (const [index, size] of sizes.entries()) {
        const received = to.log.messages[index];
        invariant(received?.from === from.id, "a message bears its sender");
        invariant(equalBytes(received.message, pattern(size)), `${size} bytes arrive unaltered`);
      }
    }
    await closeAll(a, b);
  });

  rule(
    "many small messages are neither merged nor reordered, both ways at once",
    async (network) => {
      const [a, b] = await pair(network);
      const count = 2_000;
      for (let i = 0; i < count; i++) {
        a.transport.send(B, numbered(i));
        b.transport.send(A, numbered(i));
      }
      for (const { log } of [a, b]) {
        await log.until("all messages", () => log.messages.length === count);
        log.messages.forEach(({ message }, i) => {
          invariant(equalBytes(message, numbered(i)), `message ${i} is in its place`);
        });
      }
      await closeAll(a, b);
    },
  );

  rule("a message is what it was when it was sent", async (network) => {
    const [a, b] = await pair(network);
    const message = pattern(100);
    a.transport.send(B, message);
    message.fill(0);
    await b.log.until("the message", () => b.log.messages.length === 1);
    const received = b.log.messages[0]?.message ?? new Uint8Array();
    invariant(equalBytes(received, pattern(100)), "later changes do not show");
    await closeAll(a, b);
  });

  rule("the send buffer is bounded, and what was taken arrives", async (network) => {
    const [a, b] = await pair(network);
    const message = pattern(LIMITS.snapshotChunkBytes);
    let taken = 0;
    while (taken < 1_000 && a.transport.send(B, message)) taken += 1;
    invariant(taken > 0 && taken < 1_000, "a flood without a pause is refused at some point");
    await b.log.until("what was taken", () => b.log.messages.length === taken);
    invariant(a.transport.isUp(B), "a full buffer does not break the link");
    invariant(a.transport.send(B, numbered(1)), "an emptied buffer takes messages again");
    await b.log.until("the last message", () => b.log.messages.length === taken + 1);
    await closeAll(a, b);
  });
}

function linkRules(rule: Rule): void {
  rule("both ends report a link once, and messages to anyone else are dropped", async (network) => {
    const [a, b] = await pair(network);
    invariant(a.log.changes.join() === "up b", "one end reports the link");
    invariant(b.log.changes.join() === "up a", "the other end reports the link");
    invariant(!a.transport.isUp(C), "a stranger is not up");
    invariant(!a.transport.send(C, numbered(1)), "a message to a stranger is dropped");
    await closeAll(a, b);
  });

  rule(
    "a broken link is reported at both ends, drops messages, and comes back",
    async (network) => {
      const [a, b] = await pair(network);
      network.cut(A, B);
      await a.log.until("down at a", () => a.log.count("down b") === 1);
      await b.log.until("down at b", () => b.log.count("down a") === 1);
      for (const [from, to] of [[a, B], [b, A]] as const) {
        invariant(!from.transport.isUp(to), "a broken link is not up");
        invariant(!from.transport.send(to, numbered(1)), "a broken link queues nothing");
      }
      network.heal(A, B);
      await a.log.until("up at a", () => a.log.count("up b") === 2);
      await b.log.until("up at b", () => b.log.count("up a") === 2);
      b.transport.send(A, numbered(2));
      await a.log.until("a message", () => a.log.messages.length === 1);
      invariant(a.log.count("down b") === 1, "one outage is one report");
      await closeAll(a, b);
    },
  );
}

function membershipRules(rule: Rule): void {
  rule(
    "a node that its peer does not know is refused, told why, and linked once known",
    async (network) => {
      const a = await openParty(network, A);
      const b = await openParty(network, B);
      b.transport.setPeers([]);
      a.transport.setPeers([b.member]);
      await a.log.until("a refusal", () => a.log.changes.join().includes("not_a_member"));
      invariant(!a.transport.isUp(B), "a refused link is not up");
      invariant(b.log.changes.length === 0, "a stranger is not reported");
      b.transport.setPeers([a.member]);
      await a.log.until("up", () => a.log.count("up b") === 1);
      await closeAll(a, b);
    },
  );

  rule(
    "a removed peer is told; the node that removed it is not, and can add it again",
    async (network) => {
      const [a, b] = await pair(network);
      a.transport.setPeers([]);
      invariant(!a.transport.isUp(B), "a removed peer is not up");
      await b.log.until("down at b", () => b.log.count("down a") === 1);
      invariant(a.log.changes.join() === "up b", "the host is not told what it did itself");
      a.transport.setPeers([b.member]);
      await a.log.until("up at a", () => a.log.count("up b") === 2);
      await b.log.until("up at b", () => b.log.count("up a") === 2);
      await closeAll(a, b);
    },
  );

  rule("naming the same peers again changes nothing", async (network) => {
    const [a, b] = await pair(network);
    a.transport.setPeers([b.member]);
    b.transport.send(A, numbered(1));
    await a.log.until("a message", () => a.log.messages.length === 1);
    invariant(a.log.changes.length === 1 && b.log.changes.length === 1, "the link stays");
    await closeAll(a, b);
  });
}

function closingRules(rule: Rule): void {
  rule("a closed transport is silent, and its peer is told", async (network) => {
    const [a, b] = await pair(network);
    a.transport.send(B, numbered(1));
    b.transport.send(A, numbered(2));
    const closing = a.transport.close();
    const heard = a.log.messages.length + a.log.changes.length;
    await closing;
    await b.log.until("down at b", () => b.log.count("down a") === 1);
    a.transport.setPeers([b.member]);
    invariant(!a.transport.isUp(B), "a closed transport has no links");
    invariant(!a.transport.send(B, numbered(3)), "a closed transport sends nothing");
    await a.transport.close();
    await b.transport.close();
    invariant(a.log.messages.length + a.log.changes.length === heard, "nothing more is heard");
  });

  rule("one node's links do not depend on each other", async (network) => {
    const a = await openParty(network, A);
    const b = await openParty(network, B);
    const c = await openParty(network, C);
    a.transport.setPeers([b.member, c.member]);
    b.transport.setPeers([a.member, c.member]);
    c.transport.setPeers([a.member, b.member]);
    for (const { log } of [a, b, c]) await log.until("two links", () => log.count("up") === 2);
    await b.transport.close();
    await a.log.until("down at a", () => a.log.changes.at(-1)?.startsWith("down b") ?? false);
    const before = c.log.count("down a");
    a.transport.send(C, numbered(7));
    await c.log.until("a message", () => c.log.messages.length === 1);
    invariant(c.log.count("down a") === before, "a link between others is not touched");
    await closeAll(a, c);
  });
}

async function openParty(network: ContractNetwork, id: NodeId): Promise<Party> {
  const log = new EventLog();
  return { id, log, ...await network.open(id, log) };
}

async function pair(network: ContractNetwork): Promise<[Party, Party]> {
  const a = await openParty(network, A);
  const b = await openParty(network, B);
  a.transport.setPeers([b.member]);
  b.transport.setPeers([a.member]);
  await a.log.until("up at a", () => a.transport.isUp(B) && a.log.count("up") === 1);
  await b.log.until("up at b", () => b.transport.isUp(A) && b.log.count("up") === 1);
  // Attempts before both knew each other may have failed; the tests count from here.
  a.log.changes.splice(0, a.log.changes.length, "up b");
  return [a, b];
}

async function closeAll(...parties: readonly Party[]): Promise<void> {
  await Promise.all(parties.map((party) => party.transport.close()));
}

/** Bytes in which a shift, a swap or a cut shows. */
function pattern(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = i * 31 + (i >> 8);
  return bytes;
}

function numbered(i: number): Uint8Array {
  return Uint8Array.of(i & 0xff, i >> 8, 0x55);
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
