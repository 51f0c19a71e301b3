/**
 * Hears how the cases go elsewhere, and serves a browser the page that runs them.
 *
 * @module
 */

import type { CaseReport } from "./everywhere.ts";

/** A server on this machine that reports come to. */
export class Hearing implements AsyncDisposable {
  readonly reports: CaseReport[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #onReport: (count: number) => Promise<void>;
  readonly #waiting = new Map<number, () => void>();
  #page = "";
  #script = "";

  /** @param onReport Called with how many there are; the case after it waits. */
  constructor(onReport: (count: number) => Promise<void>) {
    this.#onReport = onReport;
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Where reports are to be sent. */
  get reportUrl(): string {
    return `${this.origin}/report`;
  }

  /** Gives out a page that runs `script` as a module, and then `call`. */
  serve(script: string, call: string): void {
    this.#script = `${script}\n${call}`;
    this.#page = '<!doctype html><script type="module" src="/script.js"></script>';
  }

  /** Resolves once there are so many reports. */
  heard(count: number): Promise<void> {
    if (this.reports.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(count, resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/report" && request.method === "POST") {
      this.reports.push(await request.json());
      await this.#onReport(this.reports.length);
      this.#waiting.get(this.reports.length)?.();
      return new Response();
    }
    const isScript = pathname === "/script.js";
    const headers = { "content-type": isScript ? "text/javascript" : "text/html" };
    return new Response(isScript ? this.#script : this.#page, { headers });
  }
}
