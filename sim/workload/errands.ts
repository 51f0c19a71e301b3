/**
 * What clients do with one request: send it to some node, wait, send it again elsewhere if that can
 * do no harm, and give up in the end. The history has each request once, from its first sending to
 * the answer that its client took.
 *
 * @module
 */

import { invariant, type Random } from "@raftkv/core";
import {
  type Command,
  type CommandResult,
  decodeCommand,
  encodeCommand,
  type KvReader,
} from "@raftkv/core/kv";
import type { ReadProof } from "@raftkv/core/raft";
import type { ReadMode } from "@raftkv/core/replica";
import type { Cluster } from "../cluster.ts";
import type {
  HistoryRecorder,
  KvAnswer,
  KvRequest,
  ReadAnswer,
  ReadRequest,
} from "../history/mod.ts";
import type { SimulatedNode } from "../node.ts";
import type { RequestEnd } from "../requests.ts";
import type { Marks } from "../run/marks.ts";
import type { LogBook } from "./log_book.ts";

/** What a client wants done. */
export interface Errand {
  /** Who wants it. */
  readonly client: string;
  /** The node it goes to first; null for any. */
  readonly node: string | null;
  /** What is asked for. */
  readonly request: KvRequest;
  /** How reads that must be fresh are served. */
  readonly mode?: ReadMode;
  /** Told the answer, or null if there will be none. */
  readonly onEnd?: (answer: KvAnswer | null, operation: number) => void;
}

/** What errands are carried out with. */
export interface ErrandParts {
  /** The cluster. */
  readonly world: Cluster<CommandResult>;
  /** Where nothing else draws from. */
  readonly random: Random;
  /** Notes what came about. */
  readonly marks: Marks;
  /** Writes everything down. */
  readonly recorder: HistoryRecorder<KvRequest, KvAnswer>;
  /** Is told who asks for what. */
  readonly book: LogBook;
}

interface UnderWay extends Errand {
  readonly operation: number;
  readonly payload: Uint8Array | null;
  readonly timeoutMs: number;
  sendings: number;
  /** The term of the newest leader when it was sent first; 0 if there was none. */
  readonly term: number;
  /** Whether a sending may have had an effect. */
  isDoubtful: boolean;
}

/** The requests of all clients. */
export class Errands {
  /** How many have not ended. */
  openCount = 0;
  /** How many were answered. */
  answeredCount = 0;
  readonly #parts: ErrandParts;
  #isSettling = false;

  /** Begins with none. */
  constructor(parts: ErrandParts) {
    this.#parts = parts;
  }

  /** Nothing is sent again from now on. */
  settle(): void {
    this.#isSettling = true;
  }

  /** Sets out. */
  begin(errand: Errand): void {
    const { recorder, random } = this.#parts;
    const command = errand.request.kind === "read" ? null : errand.request;
    const payload = command === null ? null : encodeCommand(command);
    // What comes out of the log is written in one way, whichever way it was asked for.
    const request = payload === null ? errand.request : decodeCommand(payload);
    const operation = recorder.invoke(errand.client, request);
    this.openCount++;
    const timeoutMs = 200 * Math.pow(25, random());
    const sent = { sendings: 0, isDoubtful: false, term: this.#term };
    this.#send({ ...errand, request, operation, payload, timeoutMs, ...sent });
  }

  #send(errand: UnderWay): void {
    const { world, book } = this.#parts;
    const node = this.#nodeFor(errand);
    const { request, payload, timeoutMs, operation } = errand;
    errand.sendings++;
    if (payload !== null) {
      book.onAsked(operation, payload);
      world.propose(node.id, payload, { timeoutMs, onEnd: (end) => this.#onEnd(errand, end) });
      return;
    }
    const { isLinearizable } = request as ReadRequest;
    const { mode = "linearizable" } = errand;
    const sent = { node, term: this.#term };
    const onEnd = (end: RequestEnd<CommandResult>) => this.#onReadEnd(errand, { ...sent, end });
    if (isLinearizable) world.read(node.id, { timeoutMs, mode, onEnd });
    else this.#serve(errand, node);
  }

  get #term(): number {
    return this.#parts.world.leaders()[0]?.term ?? 0;
  }

  /** Whether another leads now than the one of a term, which there was. */
  #isOfAnother(term: number): boolean {
    return term > 0 && this.#term > term;
  }

  #nodeFor({ node, sendings }: UnderWay): SimulatedNode<CommandResult> {
    const { world, random } = this.#parts;
    if (node !== null && sendings === 0 && world.node(node).isUp) return world.node(node);
    const up = world.nodes.filter(({ isUp }) => isUp);
    const choices = up.length === 0 ? world.nodes : up;
    return choices[Math.floor(random() * choices.length)]!;
  }

  #onReadEnd(
    errand: UnderWay,
    { end, node, term }: {
      readonly end: RequestEnd<CommandResult>;
      readonly node: SimulatedNode<CommandResult>;
      readonly term: number;
    },
  ): void {
    if (end.kind === "readable") {
      const { marks } = this.#parts;
      const { proof } = end.round;
      if (errand.mode === "lease") marks.hit(LEASE_READ_MARKS[proof]);
      else invariant(proof === "quorum", "who asks for a quorum gets one");
      if (this.#isOfAnother(term)) {
        marks.hit("a read was asked for under one leader and answered under another");
      }
      this.#serve(errand, node, proof);
    } else if (this.#mayGoOn(errand)) this.#sendLater(errand);
    else this.#end(errand, null);
  }

  #serve(errand: UnderWay, node: SimulatedNode<CommandResult>, proof?: ReadProof): void {
    const { machine } = node;
    const request = errand.request as ReadRequest;
    const answer = machine === null ? null : read(machine as unknown as KvReader, request);
    this.#end(errand, answer === null || proof === undefined ? answer : { ...answer, proof });
  }

  #onEnd(errand: UnderWay, end: RequestEnd<CommandResult>): void {
    const { marks } = this.#parts;
    if (end.kind === "applied") {
      const { index, result } = end;
      if ("replayed" in result && result.replayed === true) {
        marks.hit("an answer was given again");
        if (this.#isOfAnother(errand.term)) {
          marks.hit("an answer was given again by another leader");
        }
      }
      // Whether an earlier sending had an effect, a session that is forgotten cannot tell.
      const isLost = errand.isDoubtful && result.kind === "refused" &&
        result.reason === "session_expired";
      this.#end(errand, isLost ? null : { kind: "applied", index, result });
      return;
    }
    const isCertain = end.kind === "failed" && CERTAIN_FAILURES.has(end.reason);
    errand.isDoubtful ||= !isCertain;
    const mayRepeat = !errand.isDoubtful || hasName(errand.request as Command);
    if (mayRepeat && this.#mayGoOn(errand)) this.#sendLater(errand);
    else this.#end(errand, null);
  }

  #mayGoOn({ sendings }: UnderWay): boolean {
    return !this.#isSettling && sendings < SENDINGS_MAX && this.#parts.random() < 0.8;
  }

  #sendLater(errand: UnderWay): void {
    const { world, random } = this.#parts;
    world.queue.after(10 * Math.pow(30, random()), () => {
      if (this.#isSettling) this.#end(errand, null);
      else this.#send(errand);
    });
  }

  #end(errand: UnderWay, answer: KvAnswer | null): void {
    const { recorder, marks } = this.#parts;
    this.openCount--;
    const { operation, isDoubtful } = errand;
    if (answer !== null) {
      this.answeredCount++;
      recorder.end(operation, { kind: "answered", answer });
    } else if (isDoubtful) {
      marks.hit("a client never learned what became of its write");
      recorder.end(operation, { kind: "unknown" });
    } else recorder.end(operation, { kind: "failed" });
    errand.onEnd?.(answer, operation);
  }
}

function read(machine: KvReader, request: ReadRequest): ReadAnswer | null {
  const { start, end, limit } = request;
  const { revision, compactRevision } = machine;
  const asked = request.revision ?? revision;
  if (asked < compactRevision) return null;
  // A node that has not come to what its client has seen shows it by its own revision.
  if (asked > revision) return { kind: "read", revision, records: [] };
  const page = machine.range({ start, end, limit, bytesMax: Infinity, revision: asked });
  return { kind: "read", revision, records: page.records };
}

function hasName(command: Command): boolean {
  return "once" in command && command.once !== undefined;
}

/** Ends after which a request certainly has no effect. */
const CERTAIN_FAILURES: ReadonlySet<string> = new Set([
  "no_leader",
  "overloaded",
  "stopping",
  "lost",
]);
const SENDINGS_MAX = 8;

/** What proved a read for which a lease would do. */
export const LEASE_READ_MARKS = {
  lease: "a lease proved a read",
  quorum: "a quorum proved a read for which a lease would have done",
} as const satisfies Readonly<Record<ReadProof, string>>;
