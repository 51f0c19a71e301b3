/**
 * A page in a real browser, as a person sees it.
 *
 * @module
 */

import { startBrowser } from "../process/browser.ts";
import type { Program } from "../process/program.ts";
import { until } from "../process/until.ts";

/** One page of a browser of its own. */
export class BrowserPage implements AsyncDisposable {
  readonly #browser: Program;
  readonly #profile: string;
  readonly #socket: WebSocket;
  #requests = 0;

  private constructor(browser: Program, profile: string, socket: WebSocket) {
    this.#browser = browser;
    this.#profile = profile;
    this.#socket = socket;
  }

  static async open(url: string): Promise<BrowserPage> {
    const profile = await Deno.makeTempDir();
    const browser = startBrowser(url, profile);
    const address = await until("the browser to show the page", async () => {
      const [port] = (await Deno.readTextFile(`${profile}/DevToolsActivePort`)).split("\n");
      const targets: { url: string; webSocketDebuggerUrl: string }[] =
        await (await fetch(`http://127.0.0.1:${port}/json`)).json();
      return targets.find((target) => target.url.startsWith(url))?.webSocketDebuggerUrl;
    });
    const socket = new WebSocket(address);
    await new Promise((resolve) => socket.onopen = resolve);
    return new BrowserPage(browser, profile, socket);
  }

  /** The text of an element as it is shown. */
  async textOf(selector: string): Promise<string> {
    const id = ++this.#requests;
    const expression = `document.querySelector(${JSON.stringify(selector)}).innerText`;
    const answer = new Promise<string>((resolve) => {
      const hear = ({ data }: MessageEvent<string>) => {
        const message = JSON.parse(data);
        if (message.id !== id) return;
        this.#socket.removeEventListener("message", hear);
        resolve(message.result.result.value);
      };
      this.#socket.addEventListener("message", hear);
    });
    this.#socket.send(JSON.stringify({ id, method: "Runtime.evaluate", params: { expression } }));
    return await answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    await this.#browser.kill();
    await closed;
    await Deno.remove(this.#profile, { recursive: true });
  }
}
