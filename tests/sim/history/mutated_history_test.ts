import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { pcg32, type Random } from "@raftkv/core";
import type { Committed } from "@raftkv/core/kv";
import {
  checkHistory,
  type HistoryAccount,
  type JournalEntry,
  type KvAnswer,
  type KvOperation,
  precedes,
} from "@raftkv/sim/history";
import { generateHistory } from "../../support/kv_histories.ts";

/** Makes an account wrong; null if this one offers no opportunity. */
type Mutate = (account: Required<Pick<HistoryAccount, "history" | "journal">>, random: Random) =>
  | HistoryAccount
  | null;

/** How a history can be wrong; each must be refused wherever it is possible at all. */
const MUTATIONS: Readonly<Record<string, Mutate>> = {
  "two answers swapped": ({ history, journal }, random) => {
    const pair = pick(
      sequentialPairs(history.filter((each) => committedOf(each) !== null)),
      random,
    );
    if (pair === null) return null;
    const [first, second] = pair;
    const swapped = [
      { ...first, outcome: second.outcome },
      { ...second, outcome: first.outcome },
    ];
    return { history: replaced(history, swapped), journal };
  },
  "two answers swapped, with nothing known of the log": ({ history }, random) => {
    const pair = pick(
      sequentialPairs(history.filter((each) => committedOf(each) !== null)),
      random,
    );
    if (pair === null) return null;
    const [first, second] = pair;
    const swapped = [
      { ...first, outcome: second.outcome },
      { ...second, outcome: first.outcome },
    ];
    return { history: replaced(history, swapped) };
  },
  "an acknowledged write dropped": ({ history, journal }, random) => {
    const dropped = pick(effective(history), random);
    if (dropped === null) return null;
    return { history, journal: journal.filter(({ operation }) => operation !== dropped.id) };
  },
  "an acknowledged write dropped from all that is known": ({ history }, random) => {
    const writes = effective(history);
    const last = Math.max(...writes.map((each) => committedOf(each)!.revision));
    const dropped = pick(writes.filter((each) => committedOf(each)!.revision < last), random);
    if (dropped === null) return null;
    return { history: history.filter((each) => each !== dropped) };
  },
  "a write that nobody made": ({ history, journal }, random) => {
    const dropped = pick(effective(history), random);
    return dropped && { history: history.filter((each) => each !== dropped), journal };
  },
  "a write that was said to have failed": ({ history, journal }, random) => {
    const failed = pick(effective(history), random);
    if (failed === null) return null;
    return { history: replaced(history, [{ ...failed, outcome: { kind: "failed" } }]), journal };
  },
  "a write carried out twice": ({ history, journal }, random) => {
    const entry = pick(journal.filter((each) => isEffective(each)), random);
    if (entry === null) return null;
    const again = { ...entry, index: journal.at(-1)!.index + 1 };
    return { history, journal: [...journal, again] };
  },
  "a write with a name carried out twice": ({ history, journal }, random) => {
    const entry = pick(
      journal.filter((each) =>
        each.command.kind === "commit" && each.command.once !== undefined && isEffective(each)
      ),
      random,
    );
    if (entry === null) return null;
    const revision =
      Math.max(...journal.map(({ result }) => "revision" in result ? result.revision! : 0)) + 1;
    const result = { ...entry.result as Committed, revision };
    return {
      history,
      journal: [...journal, { ...entry, result, index: journal.at(-1)!.index + 1 }],
    };
  },
  "a read moved behind a write it does not see": ({ history, journal }, random) => {
    const pairs = readsAndLaterWrites(history);
    const pair = pick(pairs, random);
    if (pair === null) return null;
    const [read, write] = pair;
    const order = write.ended!.order + 0.25;
    const moved = {
      ...read,
      invoked: { order, timeMs: 0 },
      ended: { order: order + 0.5, timeMs: 0 },
    };
    return { history: replaced(history, [moved]), journal };
  },
  "a read of what is written later": ({ history, journal }, random) => {
    const pair = pick(readsAndLaterWrites(history), random);
    if (pair === null) return null;
    const [read, write] = pair;
    const answer = { ...answerTo(read), revision: committedOf(write)!.revision } as KvAnswer;
    return {
      history: replaced(history, [{ ...read, outcome: { kind: "answered", answer } }]),
      journal,
    };
  },
  "two revisions of the log in another order": ({ history, journal }, random) => {
    const writes = journal.filter((each) => isEffective(each));
    const place = Math.floor(random() * (writes.length - 1));
    const [first, second] = [writes[place], writes[place + 1]];
    if (first === undefined || second === undefined) return null;
    const other = journal.map((each) =>
      each === first
        ? { ...second, index: first.index, term: first.term, timeMs: first.timeMs }
        : each === second
        ? { ...first, index: second.index, term: second.term, timeMs: second.timeMs }
        : each
    );
    return { history, journal: other };
  },
  "a value that was never written": ({ history, journal }, random) => {
    const read = pick(history.filter((each) => recordsOf(each).length > 0), random);
    if (read === null) return null;
    const [first, ...rest] = recordsOf(read);
    const records = [{ ...first!, value: new TextEncoder().encode("phantom") }, ...rest];
    const answer = { ...answerTo(read), records } as KvAnswer;
    return {
      history: replaced(history, [{ ...read, outcome: { kind: "answered", answer } }]),
      journal,
    };
  },
  "half of a range": ({ history, journal }, random) => {
    const read = pick(history.filter((each) => recordsOf(each).length > 1), random);
    if (read === null) return null;
    const answer = { ...answerTo(read), records: recordsOf(read).slice(1) } as KvAnswer;
    return {
      history: replaced(history, [{ ...read, outcome: { kind: "answered", answer } }]),
      journal,
    };
  },
};

for (const [what, mutate] of Object.entries(MUTATIONS)) {
  Deno.test(`a history is refused with ${what}`, () => {
    let mutated = 0;
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 4 }), (seed, clients) => {
        const account = generated(seed, clients);
        const wrong = mutate(account, pcg32(seed));
        if (wrong === null) return;
        mutated++;
        const { verdict, findings } = checkHistory(wrong);
        assertEquals(verdict, "refused", JSON.stringify(findings));
      }),
      { numRuns: 150 },
    );
    assert(mutated > 75, `${mutated} of 150 histories were mutated`);
  });
}

Deno.test("a history in which nothing happened is refused", () => {
  assertEquals(checkHistory({ history: [] }).verdict, "refused");
});

Deno.test("what a request of unknown outcome may explain is not accepted, nor refused", () => {
  const { history } = generated(7, 3);
  const writes = effective(history);
  const lost = writes[Math.floor(writes.length / 2)]!;
  const unknown = history.map((each): KvOperation =>
    each === lost ? { ...each, outcome: { kind: "unknown" } } : each
  );
  const { verdict, undecided } = checkHistory({ history: unknown });
  assertEquals([verdict, undecided.length], ["undecided", 1]);
});

function generated(seed: number, clients: number) {
  const { history, journal } = generateHistory({
    seed,
    clients,
    operations: 50,
    unknownRate: 0,
    hasLeases: false,
  });
  return { history, journal };
}

function committedOf(operation: KvOperation): Committed | null {
  const answer = answerTo(operation);
  return answer?.kind === "applied" && answer.result.kind === "committed" ? answer.result : null;
}

function answerTo({ outcome }: KvOperation): KvAnswer | null {
  return outcome.kind === "answered" ? outcome.answer : null;
}

function recordsOf(operation: KvOperation) {
  const answer = answerTo(operation);
  return answer?.kind === "read" ? answer.records : [];
}

function effective(history: readonly KvOperation[]): KvOperation[] {
  return history.filter((each) => committedOf(each) !== null);
}

function isEffective({ result }: JournalEntry): boolean {
  return result.kind === "committed" && result.replayed !== true;
}

function sequentialPairs(history: readonly KvOperation[]): [KvOperation, KvOperation][] {
  return history.flatMap((first) =>
    history.filter((second) => precedes(first, second)).map((
      second,
    ): [KvOperation, KvOperation] => [first, second])
  );
}

function readsAndLaterWrites(history: readonly KvOperation[]): [KvOperation, KvOperation][] {
  return sequentialPairs(history).filter(([read, write]) =>
    read.request.kind === "read" && answerTo(read) !== null && committedOf(write) !== null
  );
}

function replaced(history: readonly KvOperation[], by: readonly KvOperation[]): KvOperation[] {
  const changed = new Map(by.map((each) => [each.id, each]));
  return history.map((each) => changed.get(each.id) ?? each);
}

function pick<T>(choices: readonly T[], random: Random): T | null {
  return choices[Math.floor(random() * choices.length)] ?? null;
}
