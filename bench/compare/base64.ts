/**
 * Text as the JSON gateway of etcd wants keys and values.
 *
 * @module
 */

/** The base64 form of the UTF-8 form of `text`. */
export function encodeBase64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
