/**
 * What is compared: a cluster of three processes on this machine, spoken to over HTTP.
 *
 * @module
 */

/** A request as a load generator needs it. */
export interface HttpCall {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Empty if there is none. */
  readonly body: string;
}

/** One process of a cluster. */
export interface SystemNode {
  readonly name: string;
  /** Where clients reach it. */
  readonly url: string;
  /** Its process, or null if it does not run. */
  readonly pid: number | null;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Asks it to stop, and waits for that. */
  terminate(): Promise<void>;
  /** Starts it again over the data it has. */
  start(): void;
  /** Whether it can serve. */
  isHealthy(): Promise<boolean>;
}

/** A cluster of three. */
export interface System extends AsyncDisposable {
  readonly name: "RaftKV" | "etcd";
  /** As it says itself. */
  readonly version: string;
  readonly nodes: readonly SystemNode[];
  /** Waits until a node leads, and names it. */
  leader(): Promise<SystemNode>;
  /** A write of one key. */
  putCall(key: string, value: string): HttpCall;
  /** A linearizable read of one key. */
  getCall(key: string): HttpCall;
  /** A write of many keys at one revision. */
  putAllCall(pairs: readonly (readonly [key: string, value: string])[]): HttpCall;
}

/** Sends a call to a node; rejects unless it is answered with success in time. */
export async function send(
  url: string,
  { method, path, body }: HttpCall,
  { timeoutMs = 5_000, signal }: {
    readonly timeoutMs?: number;
    readonly signal?: AbortSignal;
  } = {},
): Promise<void> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url + path, {
    method,
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    ...body === "" ? {} : { body, headers: { "content-type": "application/json" } },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Cannot ${method} ${path}: ${response.status} ${text}`);
}

/** What a process has in memory, in bytes, as the kernel counts it. Takes every permission. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  if (kibibytes === undefined) throw new Error(`Cannot tell the memory of process ${pid}`);
  return Number(kibibytes) * 1024;
}

/** The processor time that a process has used, in seconds: of all its threads, kernel included. */
export async function processorSeconds(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // The name in parentheses may hold spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
}

/** `getconf CLK_TCK` on every Linux that is in use. */
const CLOCK_TICKS_PER_SECOND = 100;
