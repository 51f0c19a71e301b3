/**
 * The keys that simulated clients use: few that all fight for, many that are seldom touched, and
 * some with a meaning of their own.
 *
 * @module
 */

import type { Random } from "@raftkv/core";
import { type Key, keyAfter, type KeyRange, prefixEnd } from "@raftkv/core/kv";

/** A key, or the bound of a range, as its ASCII text says. */
export function keyOf(text: string): Key {
  return text as Key;
}

/** The range of one key. */
export function only(key: Key): KeyRange {
  return { start: key, end: keyAfter(key) };
}

/** The range of the keys that begin with a text. */
export function under(prefix: string): KeyRange {
  const start = keyOf(prefix);
  return { start, end: prefixEnd(start) };
}

/** All keys. */
export const EVERYTHING: KeyRange = { start: keyOf(""), end: null };

/** Accounts between which amounts are moved: their sum stays 0. */
export const ACCOUNTS: KeyRange = under("bank/");

/** A key for anything: mostly one of a few. */
export function anyKey(random: Random): Key {
  const isHot = random() < 0.6;
  return keyOf(isHot ? `hot/${Math.floor(random() * 3)}` : `cold/${Math.floor(random() * 30)}`);
}

/** A key that ends with a lease. */
export function leasedKey(random: Random): Key {
  return keyOf(`leased/${Math.floor(random() * 5)}`);
}

/** A key that counts. */
export function counterKey(random: Random): Key {
  return keyOf(`count/${Math.floor(random() * 2)}`);
}

/** An account. */
export function accountKey(random: Random): Key {
  return keyOf(`bank/${Math.floor(random() * 4)}`);
}

/** A lock. */
export function lockKey(random: Random): Key {
  return keyOf(`lock/${Math.floor(random() * 2)}`);
}

/** What a lock guards. */
export function guardedKey(lock: Key): Key {
  return keyOf(`guarded/${lock}`);
}

/** A range of some kind. */
export function anyRange(random: Random): KeyRange {
  const dice = random();
  if (dice < 0.3) return under("hot/");
  if (dice < 0.5) return under("cold/");
  if (dice < 0.8) return ACCOUNTS;
  if (dice < 0.9) return under("leased/");
  return EVERYTHING;
}
