/**
 * One client on one socket: its messages in, the answers out. Requests are carried out as they come
 * and answered as they end, so answers may overtake each other. All that is to be said in one turn of
 * the event loop goes out in one frame.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import { KvFailure } from "@raftkv/core/api";
import { failureBody, failureOf, ReplayedFailure } from "../failures.ts";
import { fieldsOf, type JsonFields, type JsonInput } from "../json_input.ts";
import type { KvPort, Settle } from "../kv_port.ts";
import { type Served, servedField } from "../served.ts";
import { written, writtenNow } from "../sliced_text.ts";
import { type Answer, type ReadAsk, start } from "../operations/ask.ts";
import type { Operation } from "../operations/operation.ts";
import type { ClientSocket } from "./client_socket.ts";
import { Incoming } from "./incoming.ts";
import type { WebSocketLimits } from "./limits.ts";
import { OPERATIONS } from "./operations.ts";
import { Outgoing } from "./outgoing.ts";
import type { WatchHub } from "./watch_hub.ts";
import { ConnectionWatches } from "./connection_watches.ts";

/** What a connection stands on. */
export interface ConnectionOptions {
  readonly port: KvPort;
  readonly hub: WatchHub;
  readonly limits: WebSocketLimits;
  /** Whether all clients together leave so much unread that those who leave much get no more. */
  readonly isCrowded: () => boolean;
  /** Takes what was thrown and not foreseen. */
  readonly onInternalError: (thrown: unknown) => void;
  /** The connection has ended. */
  readonly onEnd: () => void;
}

/** A client's connection. */
export class Connection {
  readonly #socket: ClientSocket;
  readonly #options: ConnectionOptions;
  readonly #underWay = new Set<number>();
  readonly #watches: ConnectionWatches;
  readonly #outgoing: Outgoing;
  readonly #incoming: Incoming;
  #underWayBytes = 0;
  /** Large answers that are being written. */
  #unwritten = 0;
  #isEnded = false;
  #isPaused = false;

  constructor(socket: ClientSocket, hello: string, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    const outgoing = new Outgoing(socket, options.limits, {
      onCongested: () => this.#readNoMore(),
      onDrained: () => {
        if (!this.#isFull()) this.#readOn();
        options.hub.onDrained();
      },
      // A client that does not read would not read a farewell either.
      onOverrun: () => {
        socket.terminate();
        this.#end();
      },
    });
    this.#outgoing = outgoing;
    this.#watches = new ConnectionWatches(options.hub, outgoing);
    this.#incoming = new Incoming({
      onFrame: (input, sizeUnits) => this.#onRead(input, sizeUnits),
      onUnreadable: (thrown) => {
        if (!this.#isEnded) this.#fail(null, thrown);
      },
    });
    socket.listen({
      onOpen: () => this.#outgoing.say(hello),
      onMessage: (text) => this.#onFrame(text),
      onClose: () => this.#end(),
    });
  }

  /** Bytes that the client has not taken, about; of an answer that is being written, its values. */
  get unreadBytes(): number {
    return this.#outgoing.unreadBytes + this.#unwritten * LIMITS.commitAnswerBytesMax;
  }

  /** Says something of itself, before whatever else is to be said now. */
  announce(message: string): void {
    this.#outgoing.say(message, "first");
  }

  /** Says what is left to say and ends the socket. */
  close(code: number, reason: string): void {
    this.#outgoing.flush();
    this.#socket.close(code, reason);
    this.#end();
  }

  #onFrame(text: string | null): void {
    if (this.#isEnded) return;
    if (text === null) return this.close(1003, "Frames are text");
    if (isLarger(text, this.#options.limits.messageBytesMax)) {
      return this.close(1009, "The message is too large");
    }
    this.#incoming.push(text);
    if (this.#incoming.waitingUnits > this.#options.limits.requestBytesMax) {
      this.close(1008, "Too many frames wait to be read");
    }
  }

  #onRead(input: JsonInput, sizeUnits: number): void {
    if (this.#isEnded) return;
    const { result } = input;
    if (!Array.isArray(result)) return this.#onMessage(result, input, sizeUnits);
    const { frameMessagesMax } = this.#options.limits;
    // Each message is answered: a frame of many empty ones would be answered with hundreds of times
    // its size.
    if (result.length > frameMessagesMax) {
      const reason = `A frame holds at most ${frameMessagesMax} messages.`;
      return this.#fail(null, new KvFailure("invalid_body", reason));
    }
    const sizeEach = Math.ceil(sizeUnits / result.length);
    for (const message of result) {
      this.#onMessage(message, input, sizeEach);
      if (this.#isEnded) return;
    }
  }

  #onMessage(message: unknown, input: JsonInput, sizeBytes: number): void {
    let id: number | null = null;
    try {
      const fields = fieldsOf(message);
      id = this.#idOf(fields);
      const { op } = fields;
      const operation = typeof op === "string" ? OPERATIONS.get(op) : undefined;
      input.demandWhole(message, operation?.failures ?? []);
      switch (op) {
        case "watch":
          return this.#watch(id, fields);
        case "cancel":
          return this.#cancel(id, fields);
        case "ping":
          return this.#outgoing.say(`{"id":${id},"result":{}}`);
      }
      if (operation === undefined) {
        throw new KvFailure("route_not_found", "There is no operation of this name.");
      }
      this.#begin(id, operation, { fields, sizeBytes });
    } catch (thrown) {
      this.#fail(id, thrown);
    }
  }

  #begin(
    id: number,
    operation: Operation,
    { fields, sizeBytes }: { readonly fields: JsonFields; readonly sizeBytes: number },
  ): void {
    this.#admit(id, sizeBytes);
    const ask = operation.begin(fields);
    this.#underWay.add(id);
    this.#underWayBytes += sizeBytes;
    const begun = ask.kind === "read" ? this.#ifRead(ask) : ask;
    start(this.#options.port, begun, new UnderWay(this, id, sizeBytes));
  }

  /** A thousand reads that end in one turn may have a gigabyte of answers: not all are made. */
  #ifRead(ask: ReadAsk): ReadAsk {
    const answer: ReadAsk["answer"] = (reader) => {
      if (this.#isUnread()) throw unread();
      return ask.answer(reader);
    };
    return { ...ask, answer };
  }

  /** A request has been answered. */
  onAnswer(request: UnderWay, answer: Answer, served?: Served): void {
    const { json } = answer;
    if (typeof json === "string") this.#say(request, json, { answer, served });
    // A thousand that end in one turn may be gigabytes: not all are kept until they are written.
    else if (this.#unwritten >= UNWRITTEN_MAX) {
      this.#say(request, writtenNow(json), { answer, served });
    } else {
      this.#unwritten++;
      // What is thrown in a turn of nobody's would end the node.
      written(json).finally(() => this.#unwritten--).then(
        (text) => this.#say(request, text, { answer, served }),
        (thrown) => this.onFailure(request, thrown),
      ).catch((thrown) => this.#options.onInternalError(thrown));
    }
  }

  #say(
    { id, sizeBytes }: UnderWay,
    json: string,
    { answer, served }: { readonly answer: Answer; readonly served: Served | undefined },
  ): void {
    this.#leave(id, sizeBytes);
    const mark = answer.replayed === true ? ',"replayed":true' : "";
    this.#outgoing.say(`{"id":${id},"result":${json}${mark}${servedField(served)}}`);
  }

  /** A request has failed. */
  onFailure({ id, sizeBytes }: UnderWay, thrown: unknown): void {
    this.#leave(id, sizeBytes);
    this.#fail(id, thrown);
  }

  #leave(id: number, sizeBytes: number): void {
    this.#underWay.delete(id);
    this.#underWayBytes -= sizeBytes;
    if (this.#isPaused && !this.#isFull()) this.#readOn();
  }

  /**
   * Whether one more may be under way.
   *
   * @throws {KvFailure} `overloaded`
   */
  #admit(id: number, sizeBytes: number): void {
    const { requestsMax, requestBytesMax } = this.#options.limits;
    if (this.#underWay.has(id) || this.#watches.has(id)) {
      throw new KvFailure("invalid_argument", `The id ${id} is in use.`);
    }
    const isTooMuch = this.#underWay.size >= requestsMax ||
      (this.#underWay.size > 0 && this.#underWayBytes + sizeBytes > requestBytesMax);
    if (isTooMuch) {
      throw new KvFailure("overloaded", "Too many requests of this socket are under way.");
    }
    if (this.#isUnread()) throw unread();
    const isNearly = this.#underWay.size + 1 >= requestsMax ||
      this.#underWayBytes + sizeBytes >= requestBytesMax / 2;
    if (isNearly) this.#readNoMore();
  }

  #idOf({ id }: JsonFields): number {
    if (typeof id === "number" && Number.isSafeInteger(id) && id >= 0) return id;
    throw new KvFailure("invalid_body", "The field id is a whole number from 0 to 2^53 - 1.");
  }

  #watch(id: number, fields: JsonFields): void {
    const { port, limits } = this.#options;
    this.#admit(id, 0);
    if (this.#watches.size >= limits.watchesMax) {
      const reason = `A socket has at most ${limits.watchesMax} watches.`;
      throw new KvFailure("overloaded", reason);
    }
    const ask = this.#watches.ask(port, id, fields);
    this.#underWay.add(id);
    start(port, ask, {
      resolve: (watch) => {
        this.#leave(id, 0);
        this.#outgoing.say(`{"id":${id},"result":{"watch":${id},"revision":${watch.revision}}}`);
        this.#watches.begin(id, watch);
      },
      reject: (thrown) => {
        this.#leave(id, 0);
        this.#watches.cancel(id);
        this.#fail(id, thrown);
      },
    });
  }

  #cancel(id: number, fields: JsonFields): void {
    const watch = this.#watches.watchIn(fields);
    const canceled = this.#watches.cancel(watch);
    this.#outgoing.say(`{"id":${id},"result":{"watch":${watch},"canceled":${canceled}}}`);
  }

  #fail(id: number | null, thrown: unknown): void {
    const failure = failureOf(thrown);
    if (failure.code === "internal") this.#options.onInternalError(thrown);
    const mark = failure instanceof ReplayedFailure ? ',"replayed":true' : "";
    this.#outgoing.say(`{"id":${id},"error":${JSON.stringify(failureBody(failure).error)}${mark}}`);
  }

  /** Whether it is too early to read on. */
  #isFull(): boolean {
    const { requestsMax, requestBytesMax } = this.#options.limits;
    return this.#outgoing.isCongested || this.#underWay.size >= requestsMax / 2 ||
      this.#underWayBytes >= requestBytesMax / 2;
  }

  /** Whether the client has left so much unread that no answer had better be added. */
  #isUnread(): boolean {
    const { limits, isCrowded } = this.#options;
    const isBehind = this.#outgoing.isBehind || this.#unwritten > 0;
    return this.unreadBytes > limits.unreadBytesMax / 4 || (isBehind && isCrowded());
  }

  #readNoMore(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  #readOn(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#incoming.end();
    this.#outgoing.end();
    this.#watches.end();
    this.#options.onEnd();
  }
}

/** Most large answers of a connection that are written side by side, a slice a turn. */
const UNWRITTEN_MAX = 4;

/** A request that has not ended. */
class UnderWay implements Settle<Answer> {
  readonly #connection: Connection;
  readonly id: number;
  readonly sizeBytes: number;

  constructor(connection: Connection, id: number, sizeBytes: number) {
    this.#connection = connection;
    this.id = id;
    this.sizeBytes = sizeBytes;
  }

  resolve(answer: Answer, served?: Served): void {
    this.#connection.onAnswer(this, answer, served);
  }

  reject(thrown: unknown): void {
    this.#connection.onFailure(this, thrown);
  }
}

function unread(): KvFailure {
  return new KvFailure("overloaded", "Too many answers of this socket are not read.");
}

function isLarger(text: string, bytesMax: number): boolean {
  // No character takes more than three bytes for each of its units.
  return text.length * 3 > bytesMax && new TextEncoder().encode(text).length > bytesMax;
}
