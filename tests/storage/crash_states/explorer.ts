/**
 * Crashes random lives at every operation, recovers every disk that the crash may leave, and crashes
 * some of the recoveries again.
 *
 * What is checked of each disk, by the names of the invariants of a replicated log:
 * - *I31* the log recovered holds all that was promised and nothing that was not written, without a
 *   gap; *I32* so do term and vote, which belong to the same moment as the log.
 * - *I33* a sync that fails is a crash before that sync: nothing follows it (failing_disk_test.ts).
 * - *I34* of a call refused for a full disk no trace is recovered.
 * - *I35* the directory opens, its newest snapshot is the promised one, and the log reaches it;
 *   nothing in it reads as rot, which recovery would get over.
 * - *I36* it opens as the node that wrote it, and as no other.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Store } from "@raftkv/core";
import { pcg32, type Random } from "@raftkv/core/random";
import type { DurableState, NodeId } from "@raftkv/core/raft";
import { IdentityMismatchError, openStore } from "@raftkv/storage";
import { scanSegment } from "../../../storage/segment_scan.ts";
import { entryOf } from "../../../storage/testing/fixtures.ts";
import {
  append,
  differenceFrom,
  digestOfState,
  IDENTITY,
  type Model,
  openOn,
  PATH,
} from "../workload.ts";
import { UnsyncedDisk } from "./legal_disks.ts";
import { lifeOf } from "./lives.ts";
import { type DiskView, RecordedDisk } from "./recorded_disk.ts";
import { recordLife } from "./recording.ts";

/** How far an exploration went. */
export interface Tally {
  /** Lives crashed at each of their operations. */
  lives: number;
  /** Pairs of a moment and a disk, each recovered and checked. */
  states: number;
  /** Of these, how many came of a crash in a recovery. */
  statesOfRecoveries: number;
}

/**
 * Explores lives, the seeds counted up from `seed`, until `statesMin` disks have been recovered.
 *
 * @throws {AssertionError} if one is not recovered as it should be; the message says how to repeat it
 */
export async function explore(
  { seed, statesMin, onLife = () => {} }: {
    readonly seed: number;
    readonly statesMin: number;
    readonly onLife?: (tally: Readonly<Tally>) => void;
  },
): Promise<Tally> {
  const tally: Tally = { lives: 0, states: 0, statesOfRecoveries: 0 };
  while (tally.states < statesMin) {
    await new Explorer(seed + tally.lives, tally).run();
    tally.lives++;
    onLife(tally);
  }
  return tally;
}

const EVENTS_PER_LIFE = 24;

/** Many segments, or blank room of so many sectors that whole batches tear in it. */
const SEGMENT_BYTES_MAX = [900, 900, 16_000];

/** Every so many disks the recovery itself is crashed, and another node tries to open the disk. */
const CLOSER_LOOK_EVERY = 64;

/** At this share of the moments, the program is killed and the power fails in the recovery. */
const KILLED_SHARE = 0.12;

/** What a recovery, and the batch after it, did to a disk. */
interface Continuation {
  readonly records: RecordedDisk["records"];
  /** What was recovered. */
  readonly found: Model;
  /** After how many records the store was open. */
  readonly openedAfter: number;
  /** What is held when the batch is, too. */
  readonly next: Model;
}

class Explorer {
  readonly #seed: number;
  readonly #random: Random;
  readonly #tally: Tally;
  #where = "";

  constructor(seed: number, tally: Tally) {
    this.#seed = seed;
    this.#random = pcg32(seed);
    this.#tally = tally;
  }

  async run(): Promise<void> {
    const recording = await recordLife(
      lifeOf(this.#random, EVENTS_PER_LIFE),
      SEGMENT_BYTES_MAX[this.#seed % SEGMENT_BYTES_MAX.length]!,
    );
    const disk = new UnsyncedDisk({ names: new Map(), contents: new Map() });
    for (let count = 0; count <= recording.records.length; count++) {
      const record = recording.records[count - 1];
      if (record !== undefined) disk.apply(record);
      this.#where = `seed ${this.#seed}, after ${count} records (the last: ${record?.kind})`;
      await this.#crash(disk, recording.allowedAfter(count));
    }
  }

  async #crash(disk: UnsyncedDisk, allowed: readonly Model[]): Promise<void> {
    for (const view of disk.afterPowerCut(this.#random)) {
      await this.#recover(view, allowed);
      if (this.#tally.states % CLOSER_LOOK_EVERY > 0) continue;
      await this.#refuseOthers(view);
      await this.#crashRecovery(new UnsyncedDisk(view), allowed);
    }
    // The program is killed, the machine lives on: recovery finds everything, and not all is durable.
    if (this.#random() < KILLED_SHARE) {
      await this.#crashRecovery(disk.clone(), allowed);
    }
  }

  /** Recovers and goes on, and cuts the power after each operation of that. */
  async #crashRecovery(disk: UnsyncedDisk, allowed: readonly Model[]): Promise<void> {
    const { records, found, openedAfter, next } = await this.#goOn(disk.view(), allowed);
    for (let count = 0; count <= records.length; count++) {
      const record = records[count - 1];
      if (record !== undefined) disk.apply(record);
      // What a node has been told once must stay: it may have acted on it.
      const promised = count < openedAfter
        ? allowed
        : count === openedAfter
        ? [found]
        : count < records.length
        ? [found, next]
        : [next];
      for (const again of disk.afterPowerCut(this.#random)) {
        this.#tally.statesOfRecoveries++;
        await this.#recover(again, promised);
      }
    }
  }

  /** Recovers and writes a batch, so large that it needs the next segment. */
  async #goOn(view: DiskView, allowed: readonly Model[]): Promise<Continuation> {
    const disk = new RecordedDisk(view);
    this.#checkNoRot(view);
    const { store, found } = await this.#open(disk, allowed);
    const openedAfter = disk.records.length;
    const { base, entries, hardState } = store.recovered;
    const last = entries.at(-1) ?? base;
    const entry = entryOf(last.index + 1, Math.max(last.term, hardState.term, 1));
    const step = append([{ ...entry, payload: new Uint8Array(800).fill(5) }]);
    await step.run(store);
    await store.close();
    return { records: disk.records, found, openedAfter, next: step.after(found) };
  }

  async #recover(view: DiskView, allowed: readonly Model[]): Promise<void> {
    this.#checkNoRot(view);
    const { store } = await this.#open(new RecordedDisk(view), allowed);
    await store.close();
  }

  /** Recovery gets over rot, so that it would hide what a crash must not leave. */
  #checkNoRot({ names, contents }: DiskView): void {
    for (const [name, file] of names) {
      const reading = name.endsWith(".log") ? scanSegment(contents.get(file)!) : null;
      const isRotten = reading?.kind === "scanned" && reading.scars.length > 0;
      assert(!isRotten, `Read as rot: ${name} of ${this.#where}`);
    }
  }

  async #open(
    disk: RecordedDisk,
    allowed: readonly Model[],
  ): Promise<{ readonly store: Store; readonly found: Model }> {
    this.#tally.states++;
    try {
      const store = await openOn(disk);
      const { recovered } = store;
      const found = allowed.find((model) => differenceFrom(model, recovered) === null);
      assert(found !== undefined, allowed.map((model) => differenceFrom(model, recovered)).join());
      await checkSnapshot(recovered);
      return { store, found };
    } catch (error) {
      throw new Error(`Cannot recover as promised: ${this.#where}`, { cause: error });
    }
  }

  async #refuseOthers(view: DiskView): Promise<void> {
    const hasLog = [...view.names.keys()].some((name) => name.startsWith("wal-"));
    if (!hasLog) return;
    const other = { ...IDENTITY, nodeId: "n2" as NodeId, vfs: new RecordedDisk(view) };
    await assertRejects(() => openStore(PATH, other), IdentityMismatchError);
  }
}

async function checkSnapshot({ snapshot }: DurableState): Promise<void> {
  if (snapshot === null) return;
  assertEquals(snapshot.digest, await digestOfState(snapshot.last.index));
}
