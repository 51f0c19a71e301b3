/**
 * Signals to processes that are not our own children, which a child of ours may send.
 *
 * @module
 */

/** Sends a signal to a process, or to the group of that number if it is negative. */
export async function signalTo(pid: number, signal: Deno.Signal): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", `Deno.kill(${pid}, "${signal}")`],
  }).output();
  if (success) return;
  throw new Error(`Cannot send ${signal} to ${pid}: ${new TextDecoder().decode(stderr)}`);
}
