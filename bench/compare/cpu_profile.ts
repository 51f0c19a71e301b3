/**
 * Where a process spends its time: a sampling profile, had from the runtime's inspector (Chrome
 * DevTools Protocol, domain Profiler), summed up by what the code is for.
 *
 * @module
 */

/** A profile as the inspector gives it. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** The node that was on top, sample by sample. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

/** What code is for. */
export interface Purpose {
  readonly name: string;
  /** Matches the addresses of modules, or the names that V8 gives to what is no code. */
  readonly pattern: RegExp;
}

/** What each purpose takes of the time, and what nobody claims, in their order. */
export function timeByPurpose(
  { nodes, samples, timeDeltas }: CpuProfile,
  purposes: readonly Purpose[],
): Map<string, number> {
  const shares = new Map(purposes.map(({ name }) => [name, 0]));
  const purposeOf = purposesByNode(nodes, purposes);
  for (const [at, id] of samples.entries()) {
    const name = purposeOf.get(id) ?? "the runtime";
    shares.set(name, (shares.get(name) ?? 0) + (timeDeltas[at] ?? 0));
  }
  return shares;
}

/** What has no purpose of its own, as most of the runtime's functions, serves its caller's. */
function purposesByNode(
  nodes: readonly ProfileNode[],
  purposes: readonly Purpose[],
): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const { id, callFrame: { functionName, url }, children = [] } of nodes) {
    const isMeant = ({ pattern }: Purpose) => pattern.test(url === "" ? functionName : url);
    const own = purposes.find(isMeant)?.name ?? found.get(id);
    if (own === undefined) continue;
    found.set(id, own);
    // Parents stand before their children.
    for (const child of children) found.set(child, own);
  }
  return found;
}

/** Takes a profile of the process whose inspector listens on `port`, as long as `work` takes. */
export async function profileOf(port: number, work: () => Promise<void>): Promise<CpuProfile> {
  const response = await fetch(`http://127.0.0.1:${port}/json/list`);
  const [target] = await response.json();
  using inspector = await Inspector.open(target.webSocketDebuggerUrl);
  await inspector.call("Profiler.enable");
  await inspector.call("Profiler.setSamplingInterval", { interval: 200 });
  await inspector.call("Profiler.start");
  await work();
  const { profile } = await inspector.call("Profiler.stop") as { profile: CpuProfile };
  return profile;
}

class Inspector implements Disposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #calls = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const { id, result } = JSON.parse(data);
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    };
  }

  static async open(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error(`Cannot reach the inspector at ${url}`));
    });
    return new Inspector(socket);
  }

  call(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#calls;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
