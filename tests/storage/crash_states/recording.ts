/**
 * Lives a life on a recorded disk and says, for each moment, what a crash then may leave.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { StorageFullError, type Store } from "@raftkv/core";
import { differenceFrom, EMPTY, type Model, openOn } from "../workload.ts";
import type { Event } from "./lives.ts";
import { type DiskRecord, RecordedDisk } from "./recorded_disk.ts";

/** A life as the disk saw it. */
export interface Recording {
  readonly records: readonly DiskRecord[];
  /** What may be recovered if the power fails after so many records. */
  allowedAfter(recordCount: number): readonly Model[];
}

/** Runs the events one after another, on a log with segments of a size. */
export async function recordLife(
  events: readonly Event[],
  segmentBytesMax: number,
): Promise<Recording> {
  const recorder = new Recorder(segmentBytesMax);
  await recorder.run(events);
  return recorder;
}

interface Phase {
  readonly fromRecord: number;
  readonly allowed: readonly Model[];
}

class Recorder implements Recording {
  readonly #disk = new RecordedDisk();
  readonly #phases: Phase[] = [{ fromRecord: 0, allowed: [EMPTY] }];
  readonly #segmentBytesMax: number;
  #model = EMPTY;

  constructor(segmentBytesMax: number) {
    this.#segmentBytesMax = segmentBytesMax;
  }

  get records(): readonly DiskRecord[] {
    return this.#disk.records;
  }

  allowedAfter(recordCount: number): readonly Model[] {
    const begun = this.#phases.filter(({ fromRecord }) => fromRecord <= recordCount);
    const latest = begun.at(-1)!.fromRecord;
    // Of several phases without a record between them, one ended a call and one began the next: the
    // first promised, the second has not done anything yet.
    const together = latest === recordCount
      ? begun.filter(({ fromRecord }) => fromRecord === latest)
      : begun.slice(-1);
    return together.reduce((a, b) => b.allowed.length < a.allowed.length ? b : a).allowed;
  }

  async run(events: readonly Event[]): Promise<void> {
    let store = await openOn(this.#disk, this.#segmentBytesMax);
    for (const event of events) {
      if (event.kind === "call") await this.#call(store, event);
      else if (event.kind === "beside") await this.#beside(store, event);
      else {
        await store.close();
        store = await openOn(this.#disk, this.#segmentBytesMax);
        assertEquals(differenceFrom(this.#model, store.recovered), null, "an orderly restart");
      }
    }
    await store.close();
  }

  async #call(store: Store, event: Extract<Event, { kind: "call" }>): Promise<void> {
    const { step, roomBytes, isGivenUp } = event;
    const next = step.after(this.#model);
    this.#allow([this.#model, next]);
    this.#disk.capacityBytes = this.#disk.usedBytes + roomBytes;
    try {
      await step.run(store);
    } catch (error) {
      if (!(error instanceof StorageFullError)) throw error;
      // It was refused: not a trace of it may be recovered.
      this.#allow([this.#model]);
      this.#disk.capacityBytes = Number.POSITIVE_INFINITY;
      if (isGivenUp) return;
      this.#allow([this.#model, next]);
      await step.run(store);
    }
    this.#disk.capacityBytes = Number.POSITIVE_INFINITY;
    this.#model = next;
    this.#allow([next]);
  }

  async #beside(store: Store, event: Extract<Event, { kind: "beside" }>): Promise<void> {
    const { save, appends } = event;
    let logs: readonly Model[] = [this.#model];
    let isSaved: readonly boolean[] = [false, true];
    const allow = () =>
      this.#allow(logs.flatMap((log) => isSaved.map((saved) => saved ? save.after(log) : log)));
    allow();
    const saving = save.run(store).then(() => {
      isSaved = [true];
      allow();
    });
    for (const append of appends) {
      const next = append.after(this.#model);
      logs = [this.#model, next];
      allow();
      await append.run(store);
      this.#model = next;
      logs = [next];
      allow();
    }
    await saving;
    this.#model = save.after(this.#model);
  }

  #allow(allowed: readonly Model[]): void {
    this.#phases.push({ fromRecord: this.#disk.records.length, allowed });
  }
}
