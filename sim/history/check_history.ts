/**
 * Holds a history of the store against everything it promises its clients.
 *
 * @module
 */

import type { Key, KvRecord } from "@raftkv/core/kv";
import { checkAttribution } from "./attribution.ts";
import { checkCausality } from "./causality.ts";
import { describeKeyCounterexample } from "./explain.ts";
import { withFates } from "./fates.ts";
import { type Finding, HISTORY_RULES } from "./finding.ts";
import { type JournalEntry, journalOf } from "./journal.ts";
import { KEY_MODEL } from "./key_model.ts";
import { partsByKey } from "./key_parts.ts";
import { commandOf, isSame, type KvOperation } from "./kv_operation.ts";
import { checkLeaseTimes, checkRenewals, type TrueTime } from "./leases.ts";
import { DEFAULT_LIMITS, linearize, type SearchLimits } from "./linearizability.ts";
import { checkLocks, type FencedWrite, type LockHolding } from "./locks.ts";
import { checkRealTime } from "./real_time.ts";
import type { ReferenceExpiry, ReferenceStore } from "./reference_store.ts";
import { checkReads, replay } from "./replay.ts";
import { checkTotal, type ConservedTotal } from "./totals.ts";
import { checkWatch, sightingsOf, type WatchRecord } from "./watch.ts";

/** All that is known of what happened. */
export interface HistoryAccount {
  /** What clients asked and were answered. */
  readonly history: readonly KvOperation[];
  /** The whole log; what clients know of it, if not given. */
  readonly journal?: readonly JournalEntry[];
  /** What watches were told. */
  readonly watches?: readonly WatchRecord[];
  /** Who held which lock. */
  readonly holdings?: readonly LockHolding[];
  /** What was written under a lock. */
  readonly fencedWrites?: readonly FencedWrite[];
  /** Sums that must not change. */
  readonly totals?: readonly ConservedTotal[];
  /** What stood in the store at the end, in the order of the keys. */
  readonly finalRecords?: readonly KvRecord[];
  /** True time, for leases. */
  readonly trueTime?: TrueTime;
}

/** What must have happened for the account to say anything. */
export interface HistoryMinimum {
  /** Answered commands. */
  readonly commands: number;
  /** Answered reads. */
  readonly reads: number;
}

/** How to check. */
export interface HistoryLimits extends SearchLimits {
  /** At least one command and one read if not given. */
  readonly minimum?: HistoryMinimum;
}

/** What a check came to. */
export interface HistoryReport {
  /**
   * `accepted`: every promise was checked and kept. `refused`: one was broken, or too little
   * happened. `undecided`: none is known to be broken, but not all could be checked.
   */
  readonly verdict: "accepted" | "refused" | "undecided";
  /** The promises that were broken. */
  readonly findings: readonly Finding[];
  /** What could not be checked, and why. */
  readonly undecided: readonly string[];
  /** How many keys were searched for an order. */
  readonly keysSearched: number;
  /** The leases that the time of the log has ended. */
  readonly leasesExpired: readonly ReferenceExpiry[];
}

/** Checks everything that the account allows to check. */
export function checkHistory(
  account: HistoryAccount,
  limits: HistoryLimits = DEFAULT_LIMITS,
): HistoryReport {
  const { history, watches = [], holdings = [], fencedWrites = [], totals = [] } = account;
  const vacuous = checkMinimum(history, limits.minimum ?? { commands: 1, reads: 1 });
  const { journal } = account;
  const told = journal === undefined ? history : withFates(history, journal);
  const parts = checkParts(told, limits);
  const log = checkLog(account);
  const findings = [
    ...vacuous,
    ...checkRealTime(history, watches.flatMap(sightingsOf)),
    ...log.findings,
    ...parts.findings,
    ...checkLocks(holdings, fencedWrites),
    ...totals.flatMap((total) => checkTotal(history, total)),
  ];
  const undecided = [...log.undecided, ...parts.undecided];
  const verdict = findings.length > 0 ? "refused" : undecided.length > 0 ? "undecided" : "accepted";
  const { keysSearched } = parts;
  return { verdict, findings, undecided, keysSearched, leasesExpired: log.leasesExpired };
}

/** What one part of a check came to. */
interface PartialReport {
  readonly findings: readonly Finding[];
  readonly undecided: readonly string[];
}

function checkLog(
  account: HistoryAccount,
): PartialReport & Pick<HistoryReport, "leasesExpired"> {
  const { history, watches = [], trueTime } = account;
  const journal = account.journal ?? journalOf(history);
  const { store, places, findings: differences } = replay(journal);
  const attribution = account.journal === undefined ? [] : checkAttribution(history, journal);
  const named = [...attribution, ...checkRenewals(journal)];
  if (differences.length > 0) {
    const unknown = history.filter((each) =>
      commandOf(each) !== null && each.outcome.kind === "unknown"
    );
    const leasesExpired = store.expiries;
    const isExplicable = account.journal === undefined && unknown.length > 0;
    if (!isExplicable) {
      return { findings: [...named, ...differences], undecided: [], leasesExpired };
    }
    const undecided = [
      `The order of revisions: one of ${unknown.length} requests of unknown outcome may explain ` +
      `this, or nothing may: ${differences[0]!.evidence}`,
    ];
    return { findings: named, undecided, leasesExpired };
  }
  const findings = [
    ...named,
    ...checkReads(history, store),
    // Of a log that nobody has seen, places are guesses.
    ...account.journal === undefined ? [] : checkCausality(history, places, watches),
    ...watches.flatMap((watch) => checkWatch(watch, store)),
    ...checkFinal(store, account.finalRecords),
    ...trueTime === undefined ? [] : checkLeaseTimes(journal, store, trueTime),
  ];
  return { findings, undecided: [], leasesExpired: store.expiries };
}

function checkParts(
  history: readonly KvOperation[],
  limits: SearchLimits,
): PartialReport & { readonly keysSearched: number } {
  const findings: Finding[] = [];
  const undecided: string[] = [];
  const parts = partsByKey(history);
  const places = new Map(history.map((operation) => [operation.id, revisionOf(operation)]));
  const likelyPlaceOf = ({ id }: { readonly id: number }) => places.get(id)!;
  for (const [key, part] of parts) {
    const search = linearize(part, KEY_MODEL, { ...limits, likelyPlaceOf });
    if (search.kind === "refused") {
      findings.push(describeKeyCounterexample(search.counterexample, { key, history }));
    } else if (search.kind === "gave_up") {
      undecided.push(
        `Key ${JSON.stringify(key)}: no order found in ${search.situations} situations`,
      );
    }
  }
  return { findings, undecided, keysSearched: parts.size };
}

/** The revision that an answer tells of: if all is well, the store's order is that of revisions. */
function revisionOf({ outcome }: KvOperation): number {
  if (outcome.kind !== "answered") return Infinity;
  const { answer } = outcome;
  if (answer.kind === "read") return answer.revision;
  return answer.result.kind === "refused" ? 0 : answer.result.revision;
}

function checkMinimum(history: readonly KvOperation[], minimum: HistoryMinimum): Finding[] {
  const answered = history.filter(({ outcome }) => outcome.kind === "answered");
  const reads = answered.filter((operation) => commandOf(operation) === null).length;
  const commands = answered.length - reads;
  if (reads >= minimum.reads && commands >= minimum.commands) return [];
  return [{
    rule: HISTORY_RULES.vacuous,
    evidence: `${commands} commands and ${reads} reads were answered; ` +
      `${minimum.commands} and ${minimum.reads} are too few to learn from`,
    operations: [],
  }];
}

/** What was acknowledged is still there at the end (I20). */
function checkFinal(
  store: ReferenceStore,
  finalRecords: readonly KvRecord[] | undefined,
): Finding[] {
  if (finalRecords === undefined) return [];
  const expected = store.range({ start: "" as Key, end: null });
  if (isSame(expected, finalRecords)) return [];
  const found = new Map(finalRecords.map((record) => [record.key, record]));
  const wrong = expected.find((record) => !isSame(record, found.get(record.key)));
  const what = wrong === undefined
    ? "holds keys that nobody wrote"
    : `lacks ${JSON.stringify(wrong.key)} as of revision ${wrong.modRevision}`;
  return [{
    rule: HISTORY_RULES.acknowledged,
    evidence: `The store at the end ${what}`,
    operations: [],
  }];
}
