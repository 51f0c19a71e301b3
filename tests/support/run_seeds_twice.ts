/**
 * A batch of simulated runs as tests.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { KV, Marks, runSeed } from "@raftkv/sim";

/**
 * What a hundred short runs come to, whatever the seeds: each of these was seen in five runs or more.
 * `deno task sim` demands all marks of a large batch.
 */
const MARKS = [
  "two leaders at a time",
  "an older term's entry was committed with one of the leader's own",
  "two entries or more were cut off",
  "a snapshot was installed several snapshots behind",
  "a leader was removed",
  "a learner began to vote",
  "a vote was refused to an older log",
  "a pre-vote was refused because a leader was heard",
  "a follower's read was sent away",
  "a command was forwarded",
  "an append was refused",
  "the leadership was handed over",
  "a node was made to campaign while its leader lived",
  "an election out of the blue was won",
  "a snapshot was taken out of turn",
  "a new node took the place of a lost one",
  "a leader stood still for longer than an election timeout",
  "a corrupted frame was dropped",
  "a client never learned what became of its write",
  "an answer was given again",
  "an answer was given again by another leader",
  "a watch went on at another node",
];

/** How many requests are answered in a run on average, at least. */
const ANSWERED_MEAN_MIN = 60;

/** Storms are kept short: what is asked with every change has to be answered soon. */
const STORM = { stormMsMax: 40_000 };

/** Registers the tests: each seed runs twice. */
export function runSeedsTwice(from: number, count: number): void {
  const marks = new Marks();
  let answered = 0;

  Deno.test(`no promise is broken in seeds ${from} to ${from + count - 1}, and each is the same twice`, async () => {
    for (let seed = from; seed < from + count; seed++) {
      const first = await runSeed(seed, { workload: KV, ...STORM });
      const broken = first.violation === null ? null : first;
      assertEquals(
        broken,
        null,
        `seed ${seed}: deno task sim --seed ${seed} --storm-ms ${STORM.stormMsMax}`,
      );
      const { digest } = await runSeed(seed, { workload: KV, ...STORM });
      assertEquals(digest, first.digest, `seed ${seed} is not the same twice`);
      marks.add(first.marks);
      answered += first.answered;
    }
  });

  Deno.test(`seeds ${from} to ${from + count - 1} come to what they must`, () => {
    assertEquals(MARKS.filter((mark) => marks.count(mark) === 0), []);
    assert(answered >= count * ANSWERED_MEAN_MIN, `${answered} requests were answered`);
  });
}
