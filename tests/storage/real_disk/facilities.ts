/**
 * Disks that fail, fill up or forget, made of what this machine offers. A facility that is missing is
 * a reason, with which the test is skipped.
 *
 * @module
 */

/** This machine does not offer it. */
export class MissingFacilityError extends Error {
  override readonly name = "MissingFacilityError";
}

/** Why a facility cannot be used, or null if it can. */
export async function reasonAgainst(use: () => Promise<AsyncDisposable>): Promise<string | null> {
  try {
    await using _ = await use();
    return null;
  } catch (error) {
    if (error instanceof MissingFacilityError) return error.message;
    throw error;
  }
}

/** A mounted file system for one test. */
export interface Mount extends AsyncDisposable {
  readonly path: string;
}

/** A small disk that can grow. */
export interface SmallDisk extends Mount {
  /** Gives it another size. */
  resize(sizeKib: number): Promise<void>;
}

/** A disk that forgets what was not synced. */
export interface ForgetfulDisk extends Mount {
  /** Cuts the power; no process has a file of it open. */
  cutPower(): void;
}

/** Runs a program to its end; whether it succeeded. */
export async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
    return (await command.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) {
      return false;
    }
    throw error;
  }
}

/** Makes sure that system calls can be made to fail. */
export async function useStrace(): Promise<AsyncDisposable> {
  const inject = "inject=fdatasync:error=EIO:when=1";
  if (!await succeeds("strace", ["-f", "-e", "trace=fdatasync", "-e", inject, "true"])) {
    throw new MissingFacilityError("strace cannot trace here");
  }
  return { [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** Mounts a tmpfs. */
export async function mountSmallDisk(sizeKib: number): Promise<SmallDisk> {
  const path = await Deno.makeTempDir();
  const options = (size: number) => `size=${size}k`;
  if (!await succeeds("mount", ["-t", "tmpfs", "-o", options(sizeKib), "tmpfs", path])) {
    await Deno.remove(path);
    throw new MissingFacilityError("No file system can be mounted here");
  }
  return {
    path,
    resize: async (size) => {
      await succeeds("mount", ["-o", `remount,${options(size)}`, path]);
    },
    [Symbol.asyncDispose]: async () => {
      await succeeds("umount", [path]);
      await Deno.remove(path);
    },
  };
}

/** Mounts lossfs.py. */
export async function mountForgetfulDisk(): Promise<ForgetfulDisk> {
  const python = "/usr/bin/python3";
  if (!await succeeds(python, ["-c", "import fusepy"])) {
    throw new MissingFacilityError("python3-fusepy is not installed");
  }
  const path = await Deno.makeTempDir();
  const script = new URL("lossfs.py", import.meta.url).pathname;
  const child = new Deno.Command(python, {
    args: [script, path],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const ended = child.status;
  let hasEnded = false;
  ended.then(() => hasEnded = true);
  while (!await succeeds("mountpoint", ["-q", path])) {
    if (!hasEnded) continue;
    await Deno.remove(path);
    throw new MissingFacilityError("FUSE refused to mount");
  }
  return {
    path,
    cutPower: () => child.kill("SIGUSR1"),
    [Symbol.asyncDispose]: async () => {
      await succeeds("fusermount", ["-u", path]);
      await ended;
      await Deno.remove(path);
    },
  };
}
