/**
 * Several replicas on a stage: a script decides who speaks, who is heard, whose time passes, whose
 * disk finishes, and who crashes. Used by the scenarios in `tests/testdata`.
 *
 * @module
 */

import type { Entry, Envelope, MembershipChange, NodeId } from "@raftkv/core/raft";
import type { Input } from "@raftkv/core/replica";
import { describeMessage, entries, members } from "../raft_messages.ts";
import { Player } from "./player.ts";

interface Underway extends Envelope {
  readonly from: NodeId;
}

/** How long a client waits if the script does not say. */
const PATIENCE_MS = 60_000;

/** The players and the messages on their way. */
export class Stage {
  readonly #players = new Map<string, Player>();
  #underway: Underway[] = [];
  #remembered: Underway[] = [];
  #out: string[] = [];

  /** Carries out one directive; returns what was seen. */
  play(directive: string): string[] {
    this.#out = [];
    const [verb = "", ...words] = directive.split(/\s+/);
    const scene = this.#scenes[verb];
    if (scene === undefined) {
      throw new Error(`Cannot play the scene: Unknown directive: ${directive}`);
    }
    scene(words);
    return counted(this.#out);
  }

  /** The directives; `ID`, `FROM` and `TO` are nodes, `[TYPE]` is a type of message. */
  readonly #scenes: Record<string, (words: string[]) => void> = {
    // node ID of SIZE term TERM [voted ID] [log TERM[*BYTES],…] [one-by-one] [leases]: one of n1 to
    // nSIZE, or a stranger to them
    node: (words) => this.#enter(words),
    // elect ID VOTER …: it wins the votes of those named; what it then sends is on its way
    elect: ([id = "", ...voters]) => this.#elect(id, voters),
    // timeout ID: its election timer runs out
    timeout: ([id]) =>
      this.#act(id, (player) => player.wait(3_000, () => player.replica.role !== "follower")),
    wait: ([id, ms]) => this.#act(id, (player) => player.wait(Number(ms))),
    // pause ID MS: it notices only afterwards that time has passed
    pause: ([id, ms]) => this.#act(id, (player) => player.pause(Number(ms))),
    // suspend ID MS: its monotonic clock stood still meanwhile
    suspend: ([id, ms]) => this.#act(id, (player) => player.suspend(Number(ms))),

    // propose ID [NAME] [MS]: a client writes a line, and waits no longer than that
    propose: ([id, name = "x", ms]) =>
      this.#ask(id, `put ${name}`, (requestId, deadlineMs) => ({
        kind: "propose",
        requestId,
        payload: new TextEncoder().encode(name),
        deadlineMs,
      }), ms),
    // read ID NAME [MS] and lease ID NAME [MS]: a client reads all lines
    read: ([id, name, ms]) =>
      this.#ask(id, `read ${name}`, (requestId, deadlineMs) => ({
        kind: "read",
        requestId,
        deadlineMs,
      }), ms),
    lease: ([id, name, ms]) =>
      this.#ask(id, `read ${name}`, (requestId, deadlineMs) => ({
        kind: "read",
        requestId,
        deadlineMs,
        mode: "lease",
      }), ms),
    // change ID (add ID [votes] | remove ID | promote ID | replace ID ID) …
    change: ([id, ...words]) =>
      this.#ask(id, `change ${words.join(" ")}`, (requestId, deadlineMs) => ({
        kind: "change_membership",
        requestId,
        change: changeOf(words),
        expectedIndex: null,
        deadlineMs,
      })),
    transfer: ([id, target]) =>
      this.#act(
        id,
        (player) =>
          player.step({ kind: "transfer_leadership", target: (target ?? null) as NodeId | null }),
      ),
    stop: ([id]) => this.#act(id, (player) => player.step({ kind: "stop" })),

    // break ID PEER: it is told that its link to the peer broke; link ID PEER: that it is up
    break: ([id, peer]) =>
      this.#act(id, (player) => player.step({ kind: "peer_down", peer: peer as NodeId })),
    link: ([id, peer]) =>
      this.#act(id, (player) => player.step({ kind: "peer_up", peer: peer as NodeId })),

    // hold ID: its disk finishes nothing; sync ID: it finishes one batch; release ID: everything
    hold: ([id]) => this.#act(id, (player) => player.isHeld = true),
    sync: ([id]) => this.#act(id, (player) => player.syncOnce()),
    release: ([id]) => this.#act(id, (player) => player.release()),
    // snapshot ID: it saves its state; the log is kept back to the snapshot before
    snapshot: ([id]) => this.#act(id, (player) => player.snapshot()),
    // crash ID: what its disk has not finished is gone; restart ID: it comes back with the rest
    crash: ([id]) => this.#act(id, (player) => player.crash()),
    restart: ([id]) => this.#act(id, (player) => this.#linkAll(player, () => player.restart())),

    // deliver FROM TO [TYPE]: what is on its way between the two, in order
    deliver: (words) => this.#deliver(isMeantBy(words)),
    // settle ID ID …: deliver everything among these until nothing is left
    settle: (ids) => {
      const isMeant = ({ from, to }: Underway) => ids.includes(from) && ids.includes(to);
      while (this.#underway.some(isMeant)) this.#deliver(isMeant);
    },
    // lose [FROM TO [TYPE]]: that is gone, or all there is
    lose: (words) => {
      const isMeant = isMeantBy(words);
      this.#underway = this.#underway.filter((each) => !isMeant(each));
    },
    // remember FROM TO [TYPE]: the network keeps copies; repeat: they are on their way again
    remember: (words) => {
      this.#remembered.push(...this.#underway.filter(isMeantBy(words)));
    },
    repeat: () => {
      for (const each of this.#remembered.splice(0)) this.#leave(each);
    },

    // curtain: everyone and everything leaves the stage, for another scene
    curtain: () => {
      this.#players.clear();
      this.#underway = [];
    },
    // show [ID …] and members ID …: how they are, and whom they take for members
    show: (ids) => {
      for (const [id, player] of this.#players) {
        if (ids.length === 0 || ids.includes(id)) this.#out.push(player.describe());
      }
    },
    members: (ids) => {
      for (const id of ids) this.#out.push(this.#player(id).describeMembers());
    },
  };

  #enter(words: readonly string[]): void {
    const valueAfter = (word: string) => words[words.indexOf(word) + 1] ?? "";
    const id = words[0] as NodeId;
    const player = new Player({
      id,
      configuration: members(Number(valueAfter("of"))),
      term: Number(valueAfter("term")),
      votedFor: words.includes("voted") ? valueAfter("voted") as NodeId : null,
      entries: words.includes("log") ? logOf(valueAfter("log")) : [],
      isNarrow: words.includes("one-by-one"),
      hasLeases: words.includes("leases"),
    });
    this.#players.set(id, player);
    this.#linkAll(player, () => {});
  }

  /** Delivers votes and questions about votes alone, until the candidate leads. */
  #elect(id: string, voters: readonly string[]): void {
    const others = [...voters];
    const before = [...this.#underway];
    for (const voter of others) this.#act(voter, (player) => player.wait(1_000));
    this.#underway = before;
    this.#act(id, (player) => player.wait(3_000, () => player.replica.role === "pre_candidate"));
    const isVote = ({ from, to, message }: Underway) =>
      message.type.includes("vote") && (from === id ? others.includes(to) : to === id);
    while (this.#underway.some(isVote)) this.#deliver(isVote);
    this.#underway = this.#underway.filter(({ message }) => !message.type.includes("vote"));
    this.#out = [this.#player(id).describe()];
  }

  /** Links the player with everyone on the stage, at both ends. */
  #linkAll(player: Player, before: () => void): void {
    before();
    for (const other of this.#players.values()) {
      if (other === player || !other.isUp) continue;
      player.step({ kind: "peer_up", peer: other.id });
      this.#act(other.id, () => other.step({ kind: "peer_up", peer: player.id }));
    }
  }

  #ask(
    id: string | undefined,
    name: string,
    inputOf: (requestId: number, deadlineMs: number) => Input,
    patienceMs: string | number = PATIENCE_MS,
  ): void {
    this.#act(
      id,
      (player) =>
        player.ask(name, (requestId) => inputOf(requestId, player.nowMs + Number(patienceMs))),
    );
  }

  #act(id: string | undefined, act: (player: Player) => void): void {
    const player = this.#player(id ?? "");
    act(player);
    for (const { to, message } of player.sent.splice(0)) {
      this.#leave({ from: player.id, to, message });
    }
    this.#out.push(...player.seen.splice(0));
  }

  #leave(each: Underway): void {
    this.#underway.push(each);
    this.#out.push(`${each.from} -> ${each.to} ${describeMessage(each.message)}`);
  }

  #deliver(isMeant: (each: Underway) => boolean): void {
    const meant = this.#underway.filter(isMeant);
    this.#underway = this.#underway.filter((each) => !isMeant(each));
    for (const { from, to, message } of meant) {
      if (!this.#players.get(to)?.isUp) continue;
      this.#act(to, (player) => player.step({ kind: "message", from, message }));
    }
  }

  #player(id: string): Player {
    const player = this.#players.get(id);
    if (player === undefined) throw new Error(`Cannot play the scene: No such node: ${id}`);
    return player;
  }
}

function isMeantBy([from, to, type]: readonly string[]): (each: Underway) => boolean {
  return (each) =>
    (from === undefined || each.from === from) && (to === undefined || each.to === to) &&
    (type === undefined || each.message.type === type);
}

function changeOf(words: readonly string[]): MembershipChange {
  const change = {
    add: [] as MembershipChange["add"][number][],
    remove: [] as NodeId[],
    promote: [] as NodeId[],
    move: [],
  };
  const url = (id: string) => `sim://${id}`;
  for (let at = 0; at < words.length; at++) {
    const [verb, id = "", next = ""] = words.slice(at);
    const node = id as NodeId;
    if (verb === "add") {
      change.add.push({ id: node, url: url(id), votes: next === "votes", replaces: null });
    } else if (verb === "replace") {
      const replaces = node;
      change.add.push({ id: next as NodeId, url: url(next), votes: true, replaces });
    } else if (verb === "remove") change.remove.push(node);
    else if (verb === "promote") change.promote.push(node);
  }
  return change;
}

/** Entries with these terms, some of them with a payload of that many bytes. */
function logOf(text: string): Entry[] {
  const words = text.split(",").map((word) => word.split("*").map(Number));
  return entries(0, words.map(([term = 0]) => term)).map((entry, at) => {
    const sizeBytes = words[at]?.[1];
    return sizeBytes === undefined ? entry : { ...entry, payload: new Uint8Array(sizeBytes) };
  });
}

/** Each line once, with how often it came. */
function counted(lines: readonly string[]): string[] {
  const groups = Map.groupBy(lines, (line) => line);
  return [...groups].map(([line, { length }]) => length === 1 ? line : `${line} (${length} times)`);
}
