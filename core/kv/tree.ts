/**
 * An ordered map whose present state can be kept at no cost while it goes on changing: a B+ tree
 * that copies a node on the first write to it after a view was taken, and changes it in place from
 * then on. Snapshots written in slices and reads pinned to a revision rest on it.
 *
 * @module
 */

import type { Key } from "./key.ts";
import {
  type Branch,
  branchOver,
  canSpareOne,
  childOf,
  emptyLeaf,
  hasRoom,
  insertAt,
  isSmall,
  joinOrShare,
  type Leaf,
  type Node,
  ownedBy,
  type Owner,
  placeOf,
  removeAt,
  splitIfLarge,
} from "./tree_node.ts";

/** What can be asked of a {@linkcode Tree} and of its views. */
export interface TreeReader<V> {
  /** How many keys there are. */
  readonly size: number;

  /** The value of `key`, or undefined. */
  get(key: Key): V | undefined;

  /**
   * Shows the pairs from `start` on, in the order of keys, until `visit` returns false. `visit` must
   * not write to the tree.
   */
  scan(start: Key, visit: Visit<V>): void;

  /** The first pair at or after `key`, or undefined. */
  ceiling(key: Key): Pair<V> | undefined;

  /** The last pair before `key`, or of all if that is null; or undefined. */
  lower(key: Key | null): Pair<V> | undefined;

  /** How many keys lie from `start` on and before `end`, if that is not null. Looks at no key. */
  count(start: Key, end: Key | null): number;
}

/** A key with its value. */
export type Pair<V> = readonly [key: Key, value: V];

/** Takes one pair; returns whether to go on. */
export type Visit<V> = (key: Key, value: V) => boolean;

/** An ordered map from keys to values. */
export class Tree<V> implements TreeReader<V> {
  /** Only nodes that carry this token may change; the others belong to a view as well. */
  #owner: Owner = {};
  #root: Node<V> = emptyLeaf<V>(this.#owner);
  #size = 0;
  /** Where the last key was found that was looked up: it is often the next one to be written. */
  #foundIn: Leaf<V> | null = null;
  #foundAt = 0;

  /** How many keys there are. */
  get size(): number {
    return this.#size;
  }

  /** The value of `key`, or undefined. */
  get(key: Key): V | undefined {
    const leaf = leafFor(this.#root, key);
    const at = placeOf(leaf.keys, key);
    if (leaf.keys[at] !== key) return undefined;
    this.#foundIn = leaf;
    this.#foundAt = at;
    return leaf.slots[at];
  }

  /** Shows the pairs from `start` on, as {@linkcode TreeReader} says. */
  scan(start: Key, visit: Visit<V>): void {
    scanFrom(this.#root, start, visit);
  }

  /** The first pair at or after `key`, or undefined. */
  ceiling(key: Key): Pair<V> | undefined {
    return ceilingFrom(this.#root, key);
  }

  /** The last pair before `key`, or of all if that is null; or undefined. */
  lower(key: Key | null): Pair<V> | undefined {
    if (key === null) return lowerFrom(this.#root, key);
    const leaf = leafFor(this.#root, key);
    const at = placeBefore(leaf, key);
    if (at < 0) return lowerFrom(this.#root, key);
    this.#foundIn = leaf;
    this.#foundAt = at;
    return pairAt(leaf, at);
  }

  /** How many keys lie from `start` on and before `end`, if that is not null. */
  count(start: Key, end: Key | null): number {
    return countFrom(this.#root, start, end);
  }

  /** Gives `key` a value, be it new or not. */
  set(key: Key, value: V): void {
    const found = this.#foundLeaf(key);
    if (found !== null) {
      found.slots[this.#foundAt] = value;
      return;
    }
    if (this.#insertBehindFound(key, value)) return;
    const root = ownedBy(this.#owner, this.#root);
    const right = this.#setUnder(root, key, value);
    this.#root = right === null ? root : branchOver(this.#owner, root, right);
  }

  /** Takes `key` out; returns whether it was there. */
  delete(key: Key): boolean {
    const sizeBefore = this.#size;
    const found = this.#foundLeaf(key);
    // Leaves are joined, and one that is left over must not be written to.
    this.#foundIn = null;
    if (found !== null && canSpareOne(found)) {
      removeAt(found, this.#foundAt);
      this.#size--;
      return true;
    }
    const root = ownedBy(this.#owner, this.#root);
    this.#deleteUnder(root, key);
    this.#root = !root.isLeaf && root.slots.length === 1 ? root.slots[0]! : root;
    return this.#size < sizeBefore;
  }

  /** The map as it is now, whatever is written later. Takes constant time. */
  view(): TreeReader<V> {
    this.#owner = {};
    const root = this.#root;
    return {
      size: this.#size,
      get: (key) => getFrom(root, key),
      scan: (start, visit) => {
        scanFrom(root, start, visit);
      },
      ceiling: (key) => ceilingFrom(root, key),
      lower: (key) => lowerFrom(root, key),
      count: (start, end) => countFrom(root, start, end),
    };
  }

  /** Returns whether it could: the pair then stands right behind the last one that was found. */
  #insertBehindFound(key: Key, value: V): boolean {
    const leaf = this.#foundIn;
    const at = this.#foundAt + 1;
    if (leaf === null || leaf.owner !== this.#owner || !hasRoom(leaf)) return false;
    const isBehind = leaf.keys[at - 1]! < key && at < leaf.keys.length && key < leaf.keys[at]!;
    if (!isBehind) return false;
    insertAt(leaf, at, [key, value]);
    this.#size++;
    return true;
  }

  /** The leaf in which `key` was found, if it was the last one to be found and may be changed. */
  #foundLeaf(key: Key): Leaf<V> | null {
    const leaf = this.#foundIn;
    // A leaf that may be changed in place has only such branches above it.
    const isOwn = leaf !== null && leaf.owner === this.#owner;
    return isOwn && leaf.keys[this.#foundAt] === key ? leaf : null;
  }

  /** Returns what was split off to the right of `node`, if it had to be. */
  #setUnder(node: Node<V>, key: Key, value: V): Node<V> | null {
    if (node.isLeaf) {
      const at = placeOf(node.keys, key);
      if (node.keys[at] === key) {
        node.slots[at] = value;
        return null;
      }
      insertAt(node, at, [key, value]);
      this.#size++;
      return splitIfLarge(node, at);
    }
    const at = childOf(node.keys, key);
    const right = this.#setUnder(this.#ownChild(node, at), key, value);
    if (right === null) return null;
    insertAt(node, at + 1, [right.keys[0]!, right]);
    return splitIfLarge(node, at + 1);
  }

  #deleteUnder(node: Node<V>, key: Key): void {
    if (node.isLeaf) {
      const at = placeOf(node.keys, key);
      if (node.keys[at] !== key) return;
      removeAt(node, at);
      this.#size--;
      return;
    }
    const at = childOf(node.keys, key);
    const child = this.#ownChild(node, at);
    this.#deleteUnder(child, key);
    if (isSmall(child) && node.slots.length > 1) this.#mend(node, Math.max(0, at - 1));
  }

  /** Joins or evens out the children at `at` and right of it. */
  #mend(branch: Branch<V>, at: number): void {
    const right = joinOrShare(this.#ownChild(branch, at), branch.slots[at + 1]!);
    if (right === null) return removeAt(branch, at + 1);
    branch.keys[at + 1] = right.keys[0]!;
    branch.slots[at + 1] = right;
  }

  #ownChild(branch: Branch<V>, at: number): Node<V> {
    const child = ownedBy(this.#owner, branch.slots[at]!);
    branch.slots[at] = child;
    return child;
  }
}

function getFrom<V>(root: Node<V>, key: Key): V | undefined {
  const { keys, slots } = leafFor(root, key);
  const at = placeOf(keys, key);
  return keys[at] === key ? slots[at] : undefined;
}

/** The leaf that has `key`, if any has. */
function leafFor<V>(root: Node<V>, key: Key): Leaf<V> {
  let node = root;
  while (!node.isLeaf) node = node.slots[childOf(node.keys, key)]!;
  return node;
}

/** Returns whether to go on. */
function scanFrom<V>(node: Node<V>, start: Key, visit: Visit<V>): boolean {
  if (node.isLeaf) {
    for (let i = placeOf(node.keys, start); i < node.keys.length; i++) {
      if (!visit(node.keys[i]!, node.slots[i]!)) return false;
    }
    return true;
  }
  for (let i = childOf(node.keys, start); i < node.slots.length; i++) {
    if (!scanFrom(node.slots[i]!, start, visit)) return false;
  }
  return true;
}

function ceilingFrom<V>(node: Node<V>, key: Key): Pair<V> | undefined {
  if (node.isLeaf) return pairAt(node, placeOf(node.keys, key));
  const at = childOf(node.keys, key);
  // The child that would hold the key may end before it; the next one then begins after it.
  const found = ceilingFrom(node.slots[at]!, key);
  const next = node.slots[at + 1];
  return found ?? (next === undefined ? undefined : ceilingFrom(next, key));
}

function lowerFrom<V>(node: Node<V>, key: Key | null): Pair<V> | undefined {
  if (node.isLeaf) return pairAt(node, placeBefore(node, key));
  const at = key === null ? node.slots.length - 1 : childOf(node.keys, key);
  const found = lowerFrom(node.slots[at]!, key);
  const previous = node.slots[at - 1];
  return found ?? (previous === undefined ? undefined : lowerFrom(previous, null));
}

function placeBefore(node: Node<unknown>, key: Key | null): number {
  return (key === null ? node.keys.length : placeOf(node.keys, key)) - 1;
}

function pairAt<V>({ keys, slots }: Leaf<V>, at: number): Pair<V> | undefined {
  return at >= 0 && at < keys.length ? [keys[at]!, slots[at]!] : undefined;
}

function countFrom(node: Node<unknown>, start: Key | null, end: Key | null): number {
  if (node.isLeaf) {
    const from = start === null ? 0 : placeOf(node.keys, start);
    return Math.max(0, placeBefore(node, end) + 1 - from);
  }
  const first = start === null ? 0 : childOf(node.keys, start);
  const last = end === null ? node.slots.length - 1 : childOf(node.keys, end);
  let count = 0;
  for (let at = first; at <= last; at++) {
    // Whatever lies between the first and the last child lies within the bounds.
    count += countFrom(node.slots[at]!, at === first ? start : null, at === last ? end : null);
  }
  return count;
}
