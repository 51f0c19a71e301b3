/**
 * Debian's Chromium without a screen.
 *
 * @module
 */

import { Program } from "./program.ts";

const FLAGS = [
  ...["headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run"],
  ...["disable-background-networking", "disable-component-update", "disable-sync"],
  "remote-debugging-port=0",
].map((flag) => `--${flag}`);

/** Starts it at an address, with all it keeps in a directory of its own. */
export function startBrowser(url: string, profile: string): Program {
  return new Program("chromium", [...FLAGS, `--user-data-dir=${profile}`, url]);
}
