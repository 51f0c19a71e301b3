/**
 * Several Raft nodes on a stage: a script decides who speaks, who is heard and whose time passes.
 * Used by the scenarios in `tests/testdata`; their directives are the methods' names.
 *
 * @module
 */

import type { Envelope, NodeId, RaftMessage } from "@raftkv/core/raft";
import { RaftBench } from "./raft_bench.ts";
import { describeMessage } from "./raft_messages.ts";

interface Underway extends Envelope<RaftMessage> {
  readonly from: string;
}

/** The players and the messages on their way. */
export class Stage {
  readonly #nodes = new Map<string, RaftBench>();
  #underway: Underway[] = [];
  #out: string[] = [];

  /** Carries out one directive; returns what was seen. */
  play(directive: string): string[] {
    this.#out = [];
    const [verb = "", ...words] = directive.split(/\s+/);
    this.#directive(verb, words);
    return this.#out;
  }

  #directive(verb: string, words: string[]): void {
    const [first = "", second = ""] = words;
    switch (verb) {
      // node ID of SIZE term TERM log TERM,TERM,… [one-by-one]
      case "node":
        return this.#enter(first, words);
      // timeout ID: its election timer runs out, with its vote in hand if that is all it takes
      case "timeout":
        return this.#after(first, (node) => {
          const before = node.nowMs;
          while (node.node.role === "follower" && node.nowMs < before + 3_000) node.wait(50);
        });
      case "wait":
        return this.#after(first, (node) => node.wait(Number(second)));
      case "propose":
        return this.#after(first, (node) => node.node.propose(new TextEncoder().encode("x")));
      case "read":
        return this.#after(first, (node) => node.node.read(second));
      // deliver FROM TO: everything on its way between the two, in order
      case "deliver":
        return this.#deliver((each) => each.from === first && each.to === second);
      // settle ID ID …: deliver everything among these until nothing is left
      case "settle":
        while (
          this.#underway.some((each) => words.includes(each.from) && words.includes(each.to))
        ) {
          this.#deliver((each) => words.includes(each.from) && words.includes(each.to));
        }
        return;
      // lose: everything on its way is gone
      case "lose":
        this.#underway = [];
        return;
      case "show":
        return this.#show();
      default:
        throw new Error(`Cannot play the scene: Unknown directive: ${verb}`);
    }
  }

  #enter(id: string, words: readonly string[]): void {
    const valueAfter = (word: string) => words[words.indexOf(word) + 1] ?? "";
    const log = valueAfter("log").split(",").map(Number);
    const bench = new RaftBench({
      id,
      size: Number(valueAfter("of")),
      term: Number(valueAfter("term")),
      log: words.includes("log") ? log : [],
      windows: words.includes("one-by-one") ? { appendBytesMax: 1, inFlightMessagesMax: 1 } : {},
    });
    this.#nodes.set(id, bench);
  }

  #after(id: string, act: (node: RaftBench) => void): void {
    const node = this.#node(id);
    const known = { grants: node.grants.length, abandoned: node.abandoned.length };
    act(node);
    node.drain().sync();
    for (const { to, message } of node.sent) {
      this.#underway.push({ from: id, to, message });
      this.#out.push(`${id} -> ${to} ${describeMessage(message)}`);
    }
    node.sent = [];
    for (const { token, index } of node.grants.slice(known.grants)) {
      this.#out.push(`${id} may answer read ${token} at ${index}`);
    }
    for (const token of node.abandoned.slice(known.abandoned)) {
      this.#out.push(`${id} gives read ${token} back`);
    }
  }

  #deliver(isMeant: (each: Underway) => boolean): void {
    const meant = this.#underway.filter(isMeant);
    this.#underway = this.#underway.filter((each) => !isMeant(each));
    for (const { from, to, message } of meant) {
      this.#after(to, (node) => node.node.step(from as NodeId, message));
    }
  }

  #show(): void {
    for (const [id, bench] of this.#nodes) {
      const { role, term, commitIndex } = bench.node;
      const terms = bench.terms().join(",");
      this.#out.push(`${id} ${role} t${term} [${terms}] commit=${commitIndex}`);
    }
  }

  #node(id: string): RaftBench {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new Error(`Cannot play the scene: No such node: ${id}`);
    return node;
  }
}
