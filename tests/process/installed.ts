/**
 * Programs that a test or a measurement needs and a machine may lack.
 *
 * @module
 */

/** Whether there is such a program; it must know `--version`. */
export async function isInstalled(program: string): Promise<boolean> {
  try {
    const args = ["--version"];
    await new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
