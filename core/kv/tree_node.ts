/**
 * The nodes of {@linkcode Tree} and what can be done to one or two of them at a time.
 *
 * @module
 */

import type { Key } from "./key.ts";

/** Whoever may change a node in place: a token compared by identity. */
export type Owner = Readonly<Record<never, never>>;

/** Keys in order, each with what belongs to it. */
interface Page<Slot> {
  readonly owner: Owner;
  readonly keys: Key[];
  readonly slots: Slot[];
}

/** The lowest level: keys with their values. */
export interface Leaf<V> extends Page<V> {
  readonly isLeaf: true;
}

/**
 * A level above: each key is a lower bound of all keys under its child, and greater than all under
 * the child before. Of the first child it is never looked at.
 */
export interface Branch<V> extends Page<Node<V>> {
  readonly isLeaf: false;
}

/** A node of either kind. */
export type Node<V> = Leaf<V> | Branch<V>;

/** A node with more slots than this is split. */
const SLOTS_MAX = 64;

/** A node with fewer slots than this after a removal is joined with a neighbour. */
const SLOTS_MIN = 16;

/** Neighbours are made one only if that leaves room to grow, else they share evenly. */
const SLOTS_JOINED_MAX = 48;

/** A leaf with nothing in it. */
export function emptyLeaf<V>(owner: Owner): Leaf<V> {
  return { isLeaf: true, owner, keys: [], slots: [] };
}

/** A new top over two nodes. */
export function branchOver<V>(owner: Owner, left: Node<V>, right: Node<V>): Branch<V> {
  return { isLeaf: false, owner, keys: [left.keys[0]!, right.keys[0]!], slots: [left, right] };
}

/** The node itself if `owner` may change it, else a copy that it may change. */
export function ownedBy<V>(owner: Owner, node: Node<V>): Node<V> {
  return node.owner === owner ? node : part(owner, node, 0);
}

/** Where `key` is or would be: the first place whose key is not before it. */
export function placeOf(keys: readonly Key[], key: Key): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Which child of a branch has `key` under it, if any has. */
export function childOf(keys: readonly Key[], key: Key): number {
  let low = 1;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (key < keys[middle]!) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}

/** Makes room at `at` and puts the pair there. */
export function insertAt<Slot>(page: Page<Slot>, at: number, pair: readonly [Key, Slot]): void {
  const { keys, slots } = page;
  // Shifting by hand takes half the time of `splice`, which also makes an array to give back.
  keys.push(pair[0]);
  slots.push(pair[1]);
  for (let i = keys.length - 1; i > at; i--) {
    keys[i] = keys[i - 1]!;
    slots[i] = slots[i - 1]!;
  }
  keys[at] = pair[0];
  slots[at] = pair[1];
}

/** Takes the pair at `at` out. */
export function removeAt<Slot>(page: Page<Slot>, at: number): void {
  const { keys, slots } = page;
  const last = keys.length - 1;
  for (let i = at; i < last; i++) {
    keys[i] = keys[i + 1]!;
    slots[i] = slots[i + 1]!;
  }
  keys.pop();
  slots.pop();
}

/**
 * Cuts a node that has grown too large and returns what is now to its right, else null. A node that
 * grew at its end keeps everything but the last pair: keys that arrive in order, as in a restore,
 * then leave full nodes behind and not half-empty ones.
 *
 * @param grownAt The place of the last insertion.
 */
export function splitIfLarge<V>(node: Node<V>, grownAt: number): Node<V> | null {
  const size = node.keys.length;
  if (size <= SLOTS_MAX) return null;
  const cut = grownAt === size - 1 ? size - 1 : size >>> 1;
  const right = part(node.owner, node, cut);
  node.keys.length = cut;
  node.slots.length = cut;
  return right;
}

/** Whether a node can take one more without being split. */
export function hasRoom(node: Node<unknown>): boolean {
  return node.keys.length < SLOTS_MAX;
}

/** Whether a removal would leave a node large enough to stay as it is. */
export function canSpareOne(node: Node<unknown>): boolean {
  return node.keys.length > SLOTS_MIN;
}

/** Whether a removal has left a node too small to stay alone. */
export function isSmall(node: Node<unknown>): boolean {
  return node.keys.length < SLOTS_MIN;
}

/**
 * Joins two neighbours of one level into the left one, or evens them out.
 *
 * @returns The node that now stands to the right of `left`, or null if there is none.
 */
export function joinOrShare<V>(left: Node<V>, right: Node<V>): Node<V> | null {
  // Both levels hold pairs of the same shape; only the type checker has to be told which.
  if (left.isLeaf && right.isLeaf) appendAll(left, right);
  else if (!left.isLeaf && !right.isLeaf) appendAll(left, right);
  const size = left.keys.length;
  if (size <= SLOTS_JOINED_MAX) return null;
  const shared = part(left.owner, left, size >>> 1);
  left.keys.length = size >>> 1;
  left.slots.length = size >>> 1;
  return shared;
}

/** A node of its own with the pairs of `node` from `from` on. */
function part<V>(owner: Owner, node: Node<V>, from: number): Node<V> {
  const keys = node.keys.slice(from);
  return node.isLeaf
    ? { isLeaf: true, owner, keys, slots: node.slots.slice(from) }
    : { isLeaf: false, owner, keys, slots: node.slots.slice(from) };
}

function appendAll<Slot>(left: Page<Slot>, right: Page<Slot>): void {
  for (let i = 0; i < right.keys.length; i++) {
    left.keys.push(right.keys[i]!);
    left.slots.push(right.slots[i]!);
  }
}
