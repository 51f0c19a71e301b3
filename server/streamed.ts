/**
 * Which responses have a body that is made while it is sent; all others are there as a whole. The
 * listeners have to know, and to look at a response's headers or body costs the runtime's server the
 * form in which it would send it best.
 *
 * @module
 */

const streamed = new WeakSet<Response>();

/** A response with a body that is made while it is sent. */
export function streamedResponse(
  body: ReadableStream<Uint8Array>,
  init: ResponseInit = {},
): Response {
  const response = new Response(body, init);
  streamed.add(response);
  return response;
}

/** Whether a response was made by {@linkcode streamedResponse}. */
export function isStreamed(response: Response): boolean {
  return streamed.has(response);
}
