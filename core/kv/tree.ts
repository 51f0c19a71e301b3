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
  childOf,
  emptyLeaf,
  insertAt,
  isSmall,
  joinOrShare,
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
}

/** Takes one pair; returns whether to go on. */
export type Visit<V> = (key: Key, value: V) => boolean;

/** An ordered map from keys to values. */
export class Tree<V> implements TreeReader<V> {
  /** Only nodes that carry this token may change; the others belong to a view as well. */
  #owner: Owner = {};
  #root: Node<V> = emptyLeaf<V>(this.#owner);
  #size = 0;

  /** How many keys there are. */
  get size(): number {
    return this.#size;
  }

  /** The value of `key`, or undefined. */
  get(key: Key): V | undefined {
    return getFrom(this.#root, key);
  }

  /** Shows the pairs from `start` on, as {@linkcode TreeReader} says. */
  scan(start: Key, visit: Visit<V>): void {
    scanFrom(this.#root, start, visit);
  }

  /** Gives `key` a value, be it new or not. */
  set(key: Key, value: V): void {
    const root = ownedBy(this.#owner, this.#root);
    const right = this.#setUnder(root, key, value);
    this.#root = right === null ? root : branchOver(this.#owner, root, right);
  }

  /** Takes `key` out; returns whether it was there. */
  delete(key: Key): boolean {
    const sizeBefore = this.#size;
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
    };
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
  let node = root;
  while (!node.isLeaf) node = node.slots[childOf(node.keys, key)]!;
  const at = placeOf(node.keys, key);
  return node.keys[at] === key ? node.slots[at] : undefined;
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
