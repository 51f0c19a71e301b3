import { assert, assertEquals } from "@std/assert";
import { pcg32 } from "@raftkv/core";
import { linearize, type Model, type Operation, type Outcome } from "@raftkv/sim/history";

/** A register that holds 0 at first. */
type Request =
  | { readonly kind: "write"; readonly value: number }
  | { readonly kind: "read" }
  | { readonly kind: "swap"; readonly from: number; readonly to: number };

/** What was read, or whether a swap found what it expected; null from a write. */
type Answer = number | boolean | "written";

const REGISTER: Model<number, Request, Answer> = {
  initial: 0,
  fingerprint: String,
  step(state, { request, outcome }) {
    const [answer, next] = carriedOut(state, request);
    return outcome.kind === "answered" && outcome.answer !== answer ? [] : [next];
  },
};

function carriedOut(state: number, request: Request): readonly [Answer, number] {
  switch (request.kind) {
    case "write":
      return ["written", request.value];
    case "read":
      return [state, state];
    case "swap":
      return state === request.from ? [true, request.to] : [false, state];
  }
}

type Register = Operation<Request, Answer>;

/** What one operation of a small history may be. */
const CASES: readonly { readonly request: Request; readonly outcome: Outcome<Answer> }[] = [
  { request: { kind: "write", value: 1 }, outcome: { kind: "answered", answer: "written" } },
  { request: { kind: "write", value: 2 }, outcome: { kind: "answered", answer: "written" } },
  { request: { kind: "write", value: 2 }, outcome: { kind: "unknown" } },
  { request: { kind: "read" }, outcome: { kind: "answered", answer: 0 } },
  { request: { kind: "read" }, outcome: { kind: "answered", answer: 1 } },
  { request: { kind: "read" }, outcome: { kind: "answered", answer: 2 } },
  { request: { kind: "swap", from: 1, to: 2 }, outcome: { kind: "answered", answer: true } },
  { request: { kind: "swap", from: 1, to: 2 }, outcome: { kind: "answered", answer: false } },
  { request: { kind: "swap", from: 0, to: 1 }, outcome: { kind: "unknown" } },
  { request: { kind: "write", value: 1 }, outcome: { kind: "failed" } },
];

/** Tries every order of every choice of what is unknown. */
function hasOrder(history: readonly Register[]): boolean {
  const search = (left: readonly Register[], state: number): boolean => {
    if (left.every(({ outcome }) => outcome.kind !== "answered")) return true;
    return left.some((operation) => {
      if (operation.outcome.kind === "failed") return false;
      const isLate = left.some((other) =>
        other.outcome.kind === "answered" && other.ended!.order < operation.invoked.order
      );
      if (isLate) return false;
      const [answer, next] = carriedOut(state, operation.request);
      const isRight = operation.outcome.kind === "unknown" || operation.outcome.answer === answer;
      return isRight && search(left.filter((other) => other !== operation), next);
    });
  };
  return search(history, 0);
}

/** Every way in which `count` operations can begin and end: a list of which of them does. */
function interleavings(count: number): number[][] {
  const all: number[][] = [];
  const extend = (moments: readonly number[]) => {
    if (moments.length === 2 * count) all.push([...moments]);
    for (let place = 0; place < count; place++) {
      const times = moments.filter((each) => each === place).length;
      // They begin in the order of their numbers: another order is the same history renamed.
      const mayBegin = times === 0 && (place === 0 || moments.includes(place - 1));
      if (mayBegin || times === 1) extend([...moments, place]);
    }
  };
  extend([]);
  return all;
}

function historyOf(moments: readonly number[], cases: readonly number[]): Register[] {
  return cases.map((which, id) => {
    const invoked = { order: moments.indexOf(id), timeMs: 0 };
    const ended = { order: moments.lastIndexOf(id), timeMs: 0 };
    return { id, client: `c${id}`, invoked, ended, ...CASES[which]! };
  });
}

function agree(history: readonly Register[]): boolean {
  const found = linearize(history, REGISTER);
  assertEquals(found.kind, hasOrder(history) ? "linearizable" : "refused", JSON.stringify(history));
  if (found.kind !== "linearizable") return false;
  assert(isExplanation(found.order), JSON.stringify(found.order));
  return true;
}

function isExplanation(order: readonly Register[]): boolean {
  let state = 0;
  return order.every((operation, place) => {
    const [answer, next] = carriedOut(state, operation.request);
    state = next;
    const { outcome } = operation;
    const isRight = outcome.kind !== "answered" || outcome.answer === answer;
    return isRight &&
      order.slice(place + 1).every((later) =>
        later.outcome.kind !== "answered" || later.ended!.order > operation.invoked.order
      );
  });
}

Deno.test("the search agrees with trying every order, on every history of up to three operations", () => {
  const seen = { linearizable: 0, refused: 0 };
  for (let count = 1; count <= 3; count++) {
    for (const moments of interleavings(count)) {
      for (let number = 0; number < CASES.length ** count; number++) {
        const cases = Array.from(
          { length: count },
          (_, place) => Math.floor(number / CASES.length ** place) % CASES.length,
        );
        seen[agree(historyOf(moments, cases)) ? "linearizable" : "refused"]++;
      }
    }
  }
  assert(seen.linearizable > 3_000 && seen.refused > 3_000, JSON.stringify(seen));
});

Deno.test("the search agrees with trying every order, on a sample of histories of four to six", () => {
  const random = pcg32(4);
  for (let run = 0; run < 4_000; run++) {
    const count = 4 + Math.floor(random() * 3);
    const moments = Array.from({ length: 2 * count }, (_, place) => place >> 1)
      .map((place) => ({ place, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ place }) => place);
    const cases = Array.from({ length: count }, () => Math.floor(random() * CASES.length));
    agree(historyOf(moments, cases));
  }
});

Deno.test("a search that would take too long says so, and says nothing else", () => {
  // Writes that all overlap, and a read that none of them explains.
  const writes = Array.from({ length: 24 }, (_, id): Register => ({
    id,
    client: `c${id}`,
    request: { kind: "write", value: id + 1 },
    outcome: { kind: "answered", answer: "written" },
    invoked: { order: id, timeMs: 0 },
    ended: { order: 1_000 + id, timeMs: 0 },
  }));
  const read: Register = {
    ...writes[0]!,
    id: 24,
    request: { kind: "read" },
    outcome: { kind: "answered", answer: 99 },
    invoked: { order: 2_000, timeMs: 0 },
    ended: { order: 2_001, timeMs: 0 },
  };
  const found = linearize([...writes, read], REGISTER, { situationsMax: 5_000 });
  assertEquals(found, { kind: "gave_up", situations: 5_001 });
});

Deno.test("what nobody knows the end of may take effect long after its client gave up", () => {
  const at = (order: number) => ({ order, timeMs: order });
  const write = { kind: "write", value: 1 } as const;
  const operations: Register[] = [
    {
      id: 0,
      client: "a",
      request: write,
      outcome: { kind: "unknown" },
      invoked: at(0),
      ended: at(1),
    },
    ...[0, 1].map((answer, place): Register => ({
      id: 1 + place,
      client: "b",
      request: { kind: "read" },
      outcome: { kind: "answered", answer },
      invoked: at(2 + 2 * place),
      ended: at(3 + 2 * place),
    })),
  ];
  assertEquals(linearize(operations, REGISTER).kind, "linearizable");
  const back = { ...operations[1]!, id: 3, invoked: at(6), ended: at(7) };
  assertEquals(linearize([...operations, back], REGISTER).kind, "refused");
});

Deno.test("who knows where operations probably stand is answered without a search", () => {
  // All overlap, and each swap has one place alone: between two others.
  const count = 24;
  const history = Array.from({ length: count }, (_, id): Register => {
    const value = (7 * id) % count;
    return {
      id,
      client: `c${id}`,
      request: { kind: "swap", from: value, to: value + 1 },
      outcome: { kind: "answered", answer: true },
      invoked: { order: id, timeMs: 0 },
      ended: { order: count + id, timeMs: 0 },
    };
  });
  const reads = history.map((each): Register => ({
    ...each,
    id: count + each.id,
    request: { kind: "read" },
    outcome: { kind: "answered", answer: 1 },
  }));
  const all = [...history, ...reads];
  const limits = { situationsMax: 2 * count };
  assertEquals(linearize(all, REGISTER, limits).kind, "gave_up");
  const likelyPlaceOf = ({ id }: { readonly id: number }) => id < count ? (7 * id) % count : 1 / 2;
  assertEquals(linearize(all, REGISTER, { ...limits, likelyPlaceOf }).kind, "linearizable");
});
