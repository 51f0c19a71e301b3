/**
 * All mutants, by what they concern.
 *
 * @module
 */
import { CONDUCT, CONDUCT_EXCUSED } from "./families/conduct.ts";
import { ELECTIONS, ELECTIONS_EXCUSED } from "./families/elections.ts";
import { KV, KV_EXCUSED } from "./families/kv.ts";
import { MEMBERSHIP, MEMBERSHIP_EXCUSED } from "./families/membership.ts";
import { READS, READS_EXCUSED } from "./families/reads.ts";
import { REPLICATION, REPLICATION_EXCUSED } from "./families/replication.ts";
import { REPAIR, REPAIR_EXCUSED } from "./families/repair.ts";
import { STORAGE, STORAGE_EXCUSED } from "./families/storage.ts";
import type { Excused, Mutant } from "./mutant.ts";

/** Mutants that concern one part. */
export interface Family {
  /** What they concern, for a heading. */
  readonly title: string;
  readonly mutants: readonly Mutant[];
  /** Rows of the survey that are not among them. */
  readonly excused: readonly Excused[];
}

/** Families by name. */
export type Families = Readonly<Record<string, Family>>;

/** All of them. */
export const FAMILIES: Families = {
  elections: { title: "Elections", mutants: ELECTIONS, excused: ELECTIONS_EXCUSED },
  replication: { title: "Replication", mutants: REPLICATION, excused: REPLICATION_EXCUSED },
  membership: { title: "Membership", mutants: MEMBERSHIP, excused: MEMBERSHIP_EXCUSED },
  reads: { title: "Reads and repeated requests", mutants: READS, excused: READS_EXCUSED },
  conduct: {
    title: "Causeless elections, strangers, bounds",
    mutants: CONDUCT,
    excused: CONDUCT_EXCUSED,
  },
  kv: { title: "The store", mutants: KV, excused: KV_EXCUSED },
  repair: { title: "Repair", mutants: REPAIR, excused: REPAIR_EXCUSED },
  storage: { title: "Storage", mutants: STORAGE, excused: STORAGE_EXCUSED },
};
