import { assertEquals } from "@std/assert";
import type { Greeting, GreetingOutcome } from "../../transport/conversation.ts";
import {
  type ExpectedPeer,
  greetAsAcceptor,
  greetAsDialer,
  type Identity,
  type Judge,
  type VersionRange,
} from "../../transport/handshake.ts";
import { encodeHandshake, parseHandshake, type Refusal } from "../../transport/handshake_frame.ts";
import { proverOf } from "../../transport/proof.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** One side of a handshake with what it sent and how it ended. */
interface Side {
  readonly sent: Bytes[];
  readonly ended: Promise<GreetingOutcome>;
  readonly greeting: Greeting;
}

interface SelfOptions {
  readonly clusterId?: string;
  readonly secret?: string;
  readonly incarnation?: string;
  readonly versions?: VersionRange;
}

function identity(nodeId: string, options: SelfOptions = {}): Identity {
  const { clusterId = "prod", secret, incarnation = null, versions = { min: 1, max: 1 } } = options;
  return { clusterId, nodeId, incarnation, versions, prover: proverOf(secret) };
}

function side(
  begin: (host: Parameters<typeof greetAsDialer>[2]) => Greeting,
  pass: (bytes: Bytes) => void,
): Side {
  const sent: Bytes[] = [];
  const { promise, resolve } = Promise.withResolvers<GreetingOutcome>();
  const greeting = begin({
    send: (bytes) => {
      sent.push(bytes);
      queueMicrotask(() => pass(bytes));
    },
    onEnd: resolve,
  });
  return { sent, ended: promise, greeting };
}

const B_IN_ANY_LIFE: ExpectedPeer = { id: "b", incarnation: null };

interface Conversation {
  readonly dialer?: Identity;
  readonly acceptor?: Identity;
  readonly peer?: ExpectedPeer;
  readonly judge?: Judge;
}

/** Lets two sides talk to the end. */
function converse(options: Conversation): { dialer: Side; acceptor: Side } {
  const { dialer: a = identity("a"), acceptor: b = identity("b"), judge = () => null } = options;
  const { peer = B_IN_ANY_LIFE } = options;
  const acceptor = side(
    (host) => greetAsAcceptor(b, judge, host),
    (bytes) => dialer.greeting.onFrame(bytes),
  );
  const dialer: Side = side(
    (host) => greetAsDialer(a, peer, host),
    (bytes) => acceptor.greeting.onFrame(bytes),
  );
  return { dialer, acceptor };
}

async function outcomes(options: Conversation): Promise<[GreetingOutcome, GreetingOutcome]> {
  const { dialer, acceptor } = converse(options);
  return await Promise.all([dialer.ended, acceptor.ended]);
}

const refusedByAcceptor = (refusal: Refusal): [GreetingOutcome, GreetingOutcome] => [
  { kind: "refused_by_peer", refusal },
  { kind: "refused_peer", refusal },
];
const refusedByDialer = (refusal: Refusal): [GreetingOutcome, GreetingOutcome] => [
  { kind: "refused_peer", refusal },
  { kind: "refused_by_peer", refusal },
];
const DONE: [GreetingOutcome, GreetingOutcome] = [
  { kind: "done", peer: "b", incarnation: null },
  { kind: "done", peer: "a", incarnation: null },
];

const secret = "correct horse";

Deno.test("two members of one cluster link up, with a secret and without", async () => {
  assertEquals(await outcomes({}), DONE);
  assertEquals(
    await outcomes({ dialer: identity("a", { secret }), acceptor: identity("b", { secret }) }),
    DONE,
  );
});

Deno.test("an acceptor of another cluster refuses", async () => {
  const acceptor = identity("b", { clusterId: "staging" });
  assertEquals(await outcomes({ acceptor }), refusedByAcceptor("wrong_cluster"));
});

Deno.test("an acceptor that is not the node the dialer means refuses", async () => {
  const acceptor = identity("c");
  assertEquals(await outcomes({ acceptor }), refusedByAcceptor("wrong_node"));
});

Deno.test("what the host says of a dialer is what the dialer hears", async () => {
  for (const refusal of ["not_a_member", "wrong_direction", "superseded"] as const) {
    assertEquals(await outcomes({ judge: () => refusal }), refusedByAcceptor(refusal));
  }
});

Deno.test("a dialer that was removed during the handshake is refused at its end", async () => {
  let asked = 0;
  const judge = () => asked++ === 0 ? null : "not_a_member";
  assertEquals(await outcomes({ judge }), refusedByAcceptor("not_a_member"));
});

Deno.test("another secret, or a secret on one side only, is refused by the side that learns first", async () => {
  const cases = [[secret, "other"], [secret, undefined], [undefined, secret]];
  for (const [a, b] of cases) {
    const dialer = identity("a", a === undefined ? {} : { secret: a });
    const acceptor = identity("b", b === undefined ? {} : { secret: b });
    assertEquals(await outcomes({ dialer, acceptor }), refusedByDialer("bad_proof"));
  }
});

Deno.test("an empty secret is an error of configuration, not a cluster without one", () => {
  let message = "";
  try {
    proverOf("");
  } catch (error) {
    message = String(error);
  }
  assertEquals(message, "RangeError: Cannot use the cluster secret: It is empty");
});

Deno.test("each side learns which life of its directory the other is in", async () => {
  const [first, second] = ["1a".repeat(16), "2b".repeat(16)];
  const ids = {
    dialer: identity("a", { secret, incarnation: first }),
    acceptor: identity("b", { secret, incarnation: second }),
  };
  const claims: (string | null)[] = [];
  const judge: Judge = (_from, incarnation) => {
    claims.push(incarnation);
    return null;
  };
  assertEquals(await outcomes({ ...ids, judge, peer: { id: "b", incarnation: second } }), [
    { kind: "done", peer: "b", incarnation: second },
    { kind: "done", peer: "a", incarnation: first },
  ]);
  assertEquals(claims, [first, first]);
});

Deno.test("a peer that is known by another incarnation is refused, and so is one without any", async () => {
  const peer = { id: "b", incarnation: "1a".repeat(16) };
  for (const own of [{ incarnation: "2b".repeat(16) }, {}]) {
    const acceptor = identity("b", own);
    assertEquals(await outcomes({ acceptor, peer }), refusedByDialer("other_incarnation"));
  }
});

Deno.test("two ranges of versions meet where they overlap, and only there", async () => {
  const ranges: VersionRange[] = [];
  for (let min = 1; min <= 4; min++) {
    for (let max = min; max <= 4; max++) ranges.push({ min, max });
  }
  for (const a of ranges) {
    for (const b of ranges) {
      const overlap = a.min <= b.max && b.min <= a.max;
      const dialer = identity("a", { versions: a });
      const acceptor = identity("b", { versions: b });
      assertEquals(
        await outcomes({ dialer, acceptor }),
        overlap ? DONE : refusedByAcceptor("protocol_unsupported"),
      );
    }
  }
});

Deno.test("a recorded handshake does not open a second link where there is a secret", async () => {
  const ids = { dialer: identity("a", { secret }), acceptor: identity("b", { secret }) };
  const recorded = converse(ids);
  await recorded.acceptor.ended;
  const [hello, confirm] = recorded.dialer.sent;
  if (hello === undefined || confirm === undefined) throw new Error("Two frames were expected");

  const replay = side((host) => greetAsAcceptor(ids.acceptor, () => null, host), (bytes) => {
    const parsed = parseHandshake(bytes);
    if (parsed.ok && parsed.frame.kind === "welcome") replay.greeting.onFrame(confirm);
  });
  replay.greeting.onFrame(hello);
  assertEquals(await replay.ended, { kind: "refused_peer", refusal: "bad_proof" });
});

Deno.test("an acceptor's own proof, sent back, does not pass for a dialer's", async () => {
  const acceptor = side(
    (host) => greetAsAcceptor(identity("b", { secret }), () => null, host),
    (bytes) => {
      const parsed = parseHandshake(bytes);
      if (!parsed.ok || parsed.frame.kind !== "welcome") return;
      const { proof } = parsed.frame;
      acceptor.greeting.onFrame(
        encodeHandshake({ ...parsed.frame, kind: "confirm", from: "a", to: "b", proof }),
      );
    },
  );
  const { dialer } = converse({
    dialer: identity("a", { secret }),
    acceptor: identity("b", { secret }),
  });
  acceptor.greeting.onFrame(dialer.sent[0] ?? new Uint8Array());
  assertEquals(await acceptor.ended, { kind: "refused_peer", refusal: "bad_proof" });
});

Deno.test("a change of any signed byte on the way is noticed", async () => {
  const signed = [
    ["hello", 5], // Oldest version, and below the newest: a downgrade.
    ["hello", 6],
    ["hello", 203], // The nonce.
    ["welcome", 203],
    ["welcome", 235], // The proof.
    ["confirm", 235],
    ["hello", 267], // The incarnation.
    ["welcome", 267],
  ] as const;
  const wide = { secret, versions: { min: 1, max: 3 } };
  for (const [kind, at] of signed) {
    const tamper = (bytes: Bytes): Bytes => {
      const parsed = parseHandshake(bytes);
      if (!parsed.ok || parsed.frame.kind !== kind) return bytes;
      const damaged = bytes.slice();
      damaged[at] = at === 6 ? 2 : (damaged[at] ?? 0) ^ 1;
      return damaged;
    };
    const acceptor = side(
      (host) => greetAsAcceptor(identity("b", wide), () => null, host),
      (bytes) => dialer.greeting.onFrame(tamper(bytes)),
    );
    const dialer: Side = side(
      (host) => greetAsDialer(identity("a", wide), B_IN_ANY_LIFE, host),
      (bytes) => acceptor.greeting.onFrame(tamper(bytes)),
    );
    const [a, b] = await Promise.all([dialer.ended, acceptor.ended]);
    assertEquals(a.kind === "done" || b.kind === "done", false, `${kind} byte ${at}`);
  }
});

Deno.test("a frame that is malformed or out of turn ends the handshake", async () => {
  const { dialer } = converse({});
  const hello = dialer.sent[0] ?? new Uint8Array();
  const frames: readonly (readonly [Uint8Array, string])[] = [
    [hello.subarray(0, 282), "Frame has 282 bytes, not 283"],
    [new Uint8Array(283), "Magic bytes are missing"],
    [encodeHandshake({ ...frameOf(hello), kind: "confirm" }), 'Step "confirm" is out of turn'],
  ];
  for (const [bytes, reason] of frames) {
    const acceptor = side((host) => greetAsAcceptor(identity("b"), () => null, host), () => {});
    acceptor.greeting.onFrame(bytes);
    assertEquals(await acceptor.ended, { kind: "violated", reason });
    assertEquals(acceptor.sent, []);
  }
});

Deno.test("a hello sent twice is out of turn, even while the proof is being made", async () => {
  const { dialer } = converse({});
  const hello = dialer.sent[0] ?? new Uint8Array();
  const acceptor = side((host) => greetAsAcceptor(identity("b"), () => null, host), () => {});
  acceptor.greeting.onFrame(hello);
  acceptor.greeting.onFrame(hello);
  assertEquals(await acceptor.ended, { kind: "violated", reason: 'Step "hello" is out of turn' });
});

Deno.test("an abandoned handshake says and reports nothing more", async () => {
  let reported = false;
  const sent: Bytes[] = [];
  const greeting = greetAsAcceptor(identity("b"), () => null, {
    send: (bytes) => void sent.push(bytes),
    onEnd: () => void (reported = true),
  });
  const { dialer, acceptor } = converse({});
  greeting.onFrame(dialer.sent[0] ?? new Uint8Array());
  greeting.abandon();
  await acceptor.ended;
  assertEquals([sent, reported], [[], false]);
});

function frameOf(bytes: Uint8Array) {
  const parsed = parseHandshake(bytes);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.frame;
}
