// The interface and its model side by side: each request goes to both, and both have to say the same.

import { assert, assertEquals } from "@std/assert";
import { FAILURES } from "@raftkv/core/api";
import { appUnderTest } from "../app_under_test.ts";
import { isFailureCode } from "../failure_codes.ts";
import { eventsJson, type Expected, itemJson, ModelApi, type Single } from "./api.ts";
import type { Call, Deed } from "./deeds.ts";
import type { Fault } from "./faults.ts";
import { callOf, targetOf } from "./http.ts";
import { Failure, type Version } from "./store.ts";
import { byBytes, jsonValue } from "./values.ts";

export class Subject {
  readonly model = new ModelApi();
  readonly app = appUnderTest();

  /** Reports each failure, if anyone wants to know. */
  constructor(readonly onFailure: (call: Call, code: string) => void = () => {}) {}

  /** Does something on both sides. */
  async perform(deed: Deed): Promise<void> {
    switch (deed.do) {
      case "wait":
        this.app.port.advance(deed.ms);
        return this.model.store.advance(deed.ms);
      case "list":
        return deed.door === "lines" ? await this.#lines(deed) : await this.#pages(deed);
      case "watch":
        return await this.#watch(deed);
      default:
        return await this.#single(deed);
    }
  }

  /** Demands that a request fails for a reason of its own, and that nobody was asked for anything. */
  async refuse(call: Call, { code, name }: Pick<Fault, "code" | "name">): Promise<void> {
    const before = this.#asked();
    const answer = await this.send(call);
    try {
      await this.#isFailure(answer, new Failure(code));
      assertEquals(this.#asked(), before);
    } catch (thrown) {
      throw new Error(`${call.method} ${call.path.slice(0, 80)}, ${name}`, { cause: thrown });
    }
  }

  /** How often the node was asked for something, and how far it has come. */
  #asked(): readonly number[] {
    const { proposals, reads, orders } = this.app.port;
    return [proposals.length, reads.length, orders.length, this.app.port.status().revision];
  }

  /** Demands that both hold the same, now and at each revision that can be read. */
  async compare(): Promise<void> {
    const { store } = this.model;
    const range = { prefix: "" };
    const whole = { do: "list", door: "lines", range, order: "asc", limit: null } as const;
    for (let back = 0; store.revision - back >= Math.max(1, store.compactRevision); back++) {
      await this.perform({ ...whole, back, keysOnly: false, between: null });
    }
    await this.perform({ do: "leases", after: 0, limit: 100 });
    for (const { id } of store.leases) await this.perform({ do: "timeToLive", lease: id });
    assertEquals(this.app.internalErrors, []);
  }

  /** Sends a request. */
  async send(call: Call): Promise<Response> {
    const { method, headers, body } = call;
    const content = body instanceof Uint8Array ? body.slice() : body;
    const answer = await this.app.request(targetOf(call), { method, headers, body: content });
    if (answer.status >= 400 && method !== "HEAD") {
      this.onFailure(call, (await answer.clone().json()).error.code);
    }
    return answer;
  }

  async #single(deed: Single): Promise<void> {
    const call = callOf(deed, this.model);
    const expected = this.model.answer(deed);
    const answer = await this.send(call);
    if (expected instanceof Failure) {
      if (call.method !== "HEAD") return await this.#isFailure(answer, expected);
      assert(isFailureCode(expected.code));
      return assertEquals(answer.status, FAILURES[expected.code].status);
    }
    await this.#isAnswer(answer, expected, deed);
  }

  async #isAnswer(answer: Response, expected: Expected, deed: Single): Promise<void> {
    const bytes = await answer.bytes();
    const text = new TextDecoder().decode(bytes);
    const { body, status, etag, revision, isReplayed = false } = expected;
    assertEquals(answer.status, status, text);
    if (body instanceof Uint8Array) assertEquals(bytes, body);
    else if (deed.do === "openSession") this.#noteSession(text, revision);
    else assertEquals(text, body === null ? "" : `${body}\n`);
    assertEquals(answer.headers.get("etag"), etag === undefined ? null : `"${etag}"`);
    assertEquals(answer.headers.get("raftkv-revision"), `${revision}`);
    assertEquals(answer.headers.get("idempotent-replayed"), isReplayed ? "true" : null);
  }

  #noteSession(text: string, revision: number): void {
    const { session, ...rest } = JSON.parse(text);
    assert(/^[1-9]\d*$/.test(session) && !this.model.sessions.includes(session), session);
    assertEquals(rest, { revision });
    this.model.sessions.push(session);
  }

  async #isFailure(
    answer: Response,
    { code, compactRevision, isReplayed }: Failure,
  ): Promise<void> {
    const text = await answer.text();
    assert(isFailureCode(code) && text !== "", `${answer.status} in the place of ${code}`);
    const { error } = JSON.parse(text);
    assertEquals(error?.code, code, text);
    const { status, retryable, outcome } = FAILURES[code];
    const detail = compactRevision === undefined ? {} : { compactRevision };
    const { message, ...rest } = error;
    assertEquals(rest, { code, retryable, outcome, ...detail });
    assert(message.length > 10 && message.length < 300, message);
    assertEquals(answer.status, status);
    assertEquals(answer.headers.get("idempotent-replayed"), isReplayed ? "true" : null);
    assertEquals(answer.headers.get("raftkv-revision"), `${this.model.store.revision}`);
  }

  /** Follows the cursors from the first page to the last. */
  async #pages(deed: Deed & { do: "list" }): Promise<void> {
    const { store } = this.model;
    const isPinned = deed.door === "v1";
    const call = callOf(deed, this.model);
    let revision = this.model.revisionOf(deed.back) ?? store.revision;
    let after: string | null = null;
    let remaining: Version[] = [];
    for (let cursor: string | null | undefined = undefined; cursor !== null;) {
      const query = cursor === undefined
        ? call.query
        : [...call.query, ["cursor", cursor] as const];
      try {
        if (!isPinned) revision = store.revision;
        if (!isPinned || cursor === undefined) remaining = this.#listed(deed, { revision, after });
        else store.at(revision);
      } catch (thrown) {
        assert(thrown instanceof Failure);
        return await this.#isFailure(await this.send({ ...call, query }), thrown);
      }
      const answer = await this.send({ ...call, query });
      const text = await answer.text();
      assertEquals(answer.status, 200, text);
      const page = JSON.parse(text);
      const { length } = page.items;
      const shown = remaining.slice(0, length).map((item) => itemJson(item, deed)).join(",");
      const onward = JSON.stringify(page.cursor);
      assertEquals(text, `{"items":[${shown}],"cursor":${onward},"revision":${revision}}\n`);
      assert(length <= (deed.limit ?? 100));
      after = remaining[length - 1]?.key ?? after;
      remaining = remaining.slice(length);
      cursor = page.cursor;
      assert(cursor !== null || remaining.length === 0, "a list ends with its last item");
      assert(isPinned || cursor === null || length === deed.limit, "a page is full");
      if (deed.between !== null && cursor !== null) await this.#put(deed.between);
    }
  }

  #listed(
    deed: Deed & { do: "list" },
    { revision, after }: { readonly revision: number; readonly after: string | null },
  ): Version[] {
    const found = this.model.store.list(deed.range, revision);
    if (deed.order === "desc") found.reverse();
    return after === null ? found : found.filter(({ key }) => byBytes(key, after) > 0);
  }

  #put(key: string): Promise<void> {
    const rest = {
      raw: false,
      prevKv: false,
      end: {},
      ifMatch: null,
      ifNoneMatch: null,
      once: null,
    };
    return this.#single({ do: "put", door: "byQuery", key, value: jsonValue("0"), ...rest });
  }

  async #lines(deed: Deed & { do: "list" }): Promise<void> {
    const { store } = this.model;
    const call = callOf(deed, this.model);
    const revision = this.model.revisionOf(deed.back) ?? store.revision;
    const answer = await this.send(call);
    let items: Version[];
    try {
      items = this.#listed(deed, { revision, after: null });
    } catch (thrown) {
      assert(thrown instanceof Failure);
      return await this.#isFailure(answer, thrown);
    }
    const shown = items.slice(0, deed.limit ?? items.length);
    const text = await answer.text();
    const last = JSON.parse(text.split("\n").at(-2) ?? "");
    // Whether more follows is only known of what was looked at: it may say so in vain.
    if (shown.length < items.length) assertEquals(last.more, true);
    const lines = [
      ...shown.map((item) => itemJson(item, deed)),
      `{"count":${shown.length},"more":${last.more},"revision":${revision}}`,
    ];
    assertEquals(text, lines.map((line) => `${line}\n`).join(""));
  }

  /** Reads a watch as far as the store has come. */
  async #watch(deed: Deed & { do: "watch" }): Promise<void> {
    const { store } = this.model;
    const from = this.model.revisionOf(deed.back) ?? store.revision + 1;
    const answer = await this.send(callOf(deed, this.model));
    if (from <= store.compactRevision) {
      return await this.#isFailure(answer, new Failure("compacted", store.compactRevision));
    }
    const told: string[] = from - 1 <= store.revision
      ? [`{"type":"bookmark","revision":${from - 1}}`]
      : [];
    for (let revision = from; revision <= store.revision; revision++) {
      const events = eventsJson(store, deed, revision);
      if (events !== null) told.push(events);
    }
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (text.split("\n").length <= told.length) text += (await reader.read()).value ?? "";
    await reader.cancel();
    assertEquals(text, told.map((line) => `${line}\n`).join(""));
  }
}
