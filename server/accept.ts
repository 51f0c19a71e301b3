/**
 * What kind of answer a client asks for.
 *
 * @module
 */

/** Whether the client names this type in `Accept`: a wildcard is not enough. */
export function wantsType(request: Request, type: string): boolean {
  const accept = request.headers.get("accept") ?? "";
  return accept.split(",").some((range) => range.split(";")[0]?.trim() === type);
}
