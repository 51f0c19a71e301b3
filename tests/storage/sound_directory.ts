// A small directory with everything in it, to be damaged: several segments, replaced tails, two
// snapshots and a log that reaches back to the older.

import { type NodeIdentity, openStore } from "@raftkv/storage";
import { MemoryVfs } from "@raftkv/storage/memory";
import {
  entriesOf,
  hardStateOf,
  pointOf,
  slicesOf,
  stateOf,
} from "../../storage/testing/fixtures.ts";
import { append, compact, EMPTY, IDENTITY, type Model, PATH, save, type Step } from "./workload.ts";

/** A file and its bytes. */
export interface Content {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A moment in the life of the directory. */
export interface Moment {
  readonly model: Model;
  readonly files: readonly Content[];
}

const STEPS: readonly Step[] = [
  append(entriesOf(1, { first: 1, last: 9 }), hardStateOf(1, "n1")),
  append(entriesOf(2, { first: 8, last: 14 }), hardStateOf(2, "n2")),
  saveSmall(7, 1),
  append(entriesOf(2, { first: 15, last: 22 })),
  append(entriesOf(2, { first: 23, last: 24 })),
  saveSmall(20, 2),
  compact(20),
  append(entriesOf(3, { first: 24, last: 30 }), hardStateOf(3, "n1")),
  append(entriesOf(3, { first: 31, last: 32 })),
  append(entriesOf(3, { first: 33, last: 33 }), hardStateOf(4, null)),
];

/** The directory after each step. */
export const HISTORY: readonly Moment[] = await liveAs(IDENTITY);

/** As it is in the end. */
export const WHOLE: Moment = HISTORY.at(-1)!;

/** The name of the segment that takes the next batches. */
export const LAST_SEGMENT: string = lastSegmentOf(WHOLE).name;

/** The last segment at a moment. */
export function lastSegmentOf({ files }: Moment): Content {
  return files.findLast(({ name }) => name.startsWith("wal"))!;
}

/** A disk with the directory, one of its files changed or gone. */
export function diskWith(changed: string, content: Uint8Array | null): MemoryVfs {
  const vfs = new MemoryVfs();
  for (const { name, bytes } of WHOLE.files) {
    if (name !== changed) vfs.writeFile(PATH, { name, bytes });
    else if (content !== null) vfs.writeFile(PATH, { name, bytes: content });
  }
  return vfs;
}

/** The same life as another node. */
export async function liveAs(identity: NodeIdentity): Promise<Moment[]> {
  const vfs = new MemoryVfs();
  const store = await openStore(PATH, { ...identity, vfs, segmentBytesMax: 700 });
  const moments: Moment[] = [{ model: EMPTY, files: filesOf(vfs) }];
  for (const step of STEPS) {
    await step.run(store);
    moments.push({ model: step.after(moments.at(-1)!.model), files: filesOf(vfs) });
  }
  await store.close();
  return moments;
}

function filesOf(vfs: MemoryVfs): Content[] {
  return vfs.fileNames(PATH).map((name) => ({ name, bytes: vfs.readFile(PATH, name) }));
}

function saveSmall(index: number, term: number): Step {
  const state = stateOf(index).subarray(0, 300);
  return {
    ...save(index, term),
    run: (store) => store.saveSnapshot(pointOf(index, term), slicesOf(state)),
  };
}
