/**
 * The frames of the handshake. All have one size and one layout, frozen for every protocol version,
 * so that nothing a stranger sends is parsed beyond fixed offsets. Fields that a kind does not use
 * are zero. The layout is drawn in PROTOCOL.md.
 *
 * @module
 */

/** Size of every handshake frame in bytes. */
export const HANDSHAKE_BYTES = 283;

/** Longest cluster or node id in bytes of UTF-8. */
export const ID_BYTES_MAX = 64;

/** Size of a nonce in bytes. */
export const NONCE_BYTES = 32;

/** Size of a proof (HMAC-SHA256) in bytes. */
export const PROOF_BYTES = 32;

/** Size of an incarnation in bytes; it is shown as twice as many hex digits. */
export const INCARNATION_BYTES = 16;

/** Why a handshake can be refused. The code that travels is the place in this list, from 1. */
export const REFUSALS = [
  "wrong_cluster",
  "wrong_node",
  "not_a_member",
  "protocol_unsupported",
  "bad_proof",
  "wrong_direction",
  "superseded",
  "other_incarnation",
] as const;

/** Why a handshake was refused. */
export type Refusal = typeof REFUSALS[number];

/** The steps of the handshake. The code that travels is the place in this list, from 1. */
export const HANDSHAKE_KINDS = ["hello", "welcome", "confirm", "ready", "refuse"] as const;

/** A step of the handshake. */
export type HandshakeKind = typeof HANDSHAKE_KINDS[number];

/** A handshake frame, parsed. */
export interface HandshakeFrame {
  /** Which step this is. */
  readonly kind: HandshakeKind;
  /** Oldest protocol version the sender speaks; in a welcome, the one chosen. */
  readonly versionMin: number;
  /** Newest protocol version the sender speaks; in a welcome, the one chosen. */
  readonly versionMax: number;
  /** Why the sender refuses, in a refuse; null elsewhere, or if a newer peer sent a newer code. */
  readonly refusal: Refusal | null;
  /** The cluster the sender belongs to. */
  readonly clusterId: string;
  /** The sender. */
  readonly from: string;
  /** Whom the sender means to talk to. */
  readonly to: string;
  /** The sender's nonce, in a hello and a welcome. */
  readonly nonce: Uint8Array<ArrayBuffer>;
  /** The sender's proof, in a welcome and a confirm. */
  readonly proof: Uint8Array<ArrayBuffer>;
  /** Which life of its data directory the sender is in, in a hello and a welcome; null for zeros. */
  readonly incarnation: string | null;
}

/** A handshake frame, or why the bytes are none. */
export type ParsedHandshake =
  | { readonly ok: true; readonly frame: HandshakeFrame }
  | { readonly ok: false; readonly reason: string };

const MAGIC = Uint8Array.of(0x52, 0x4b, 0x56, 0x50); // "RKVP"
const KIND_AT = 4;
const VERSION_MIN_AT = 5;
const VERSION_MAX_AT = 6;
const REFUSAL_AT = 7;
const CLUSTER_AT = 8;
const ID_FIELD_BYTES = 1 + ID_BYTES_MAX;
const FROM_AT = CLUSTER_AT + ID_FIELD_BYTES;
const TO_AT = FROM_AT + ID_FIELD_BYTES;
const NONCE_AT = TO_AT + ID_FIELD_BYTES;
const PROOF_AT = NONCE_AT + NONCE_BYTES;
const INCARNATION_AT = PROOF_AT + PROOF_BYTES;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Whether an id fits into its field: 1 to 64 bytes of well-formed text. */
export function isEncodableId(id: string): boolean {
  const { length } = encoder.encode(id);
  return length >= 1 && length <= ID_BYTES_MAX && id.isWellFormed();
}

/**
 * Writes an id as its length and its bytes, padded with zeros to a fixed size, so that no two
 * different triples of ids have the same encoding.
 */
export function encodeIdField(id: string): Uint8Array<ArrayBuffer> {
  const field = new Uint8Array(ID_FIELD_BYTES);
  field[0] = encoder.encodeInto(id, field.subarray(1)).written;
  return field;
}

/** Whether a text is an incarnation: 32 lower-case hex digits, not all of them zero. */
export function isIncarnation(text: string): boolean {
  return /^(?!0+$)[\da-f]{32}$/.test(text);
}

/** The bytes of an incarnation, or zeros for none. */
export function encodeIncarnation(incarnation: string | null): Uint8Array<ArrayBuffer> {
  return incarnation === null ? new Uint8Array(INCARNATION_BYTES) : Uint8Array.fromHex(incarnation);
}

/** Lays a frame out as {@linkcode HANDSHAKE_BYTES} bytes. Its ids must be encodable. */
export function encodeHandshake(frame: HandshakeFrame): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HANDSHAKE_BYTES);
  bytes.set(MAGIC);
  bytes[KIND_AT] = HANDSHAKE_KINDS.indexOf(frame.kind) + 1;
  bytes[VERSION_MIN_AT] = frame.versionMin;
  bytes[VERSION_MAX_AT] = frame.versionMax;
  bytes[REFUSAL_AT] = frame.refusal === null ? 0 : REFUSALS.indexOf(frame.refusal) + 1;
  bytes.set(encodeIdField(frame.clusterId), CLUSTER_AT);
  bytes.set(encodeIdField(frame.from), FROM_AT);
  bytes.set(encodeIdField(frame.to), TO_AT);
  bytes.set(frame.nonce, NONCE_AT);
  bytes.set(frame.proof, PROOF_AT);
  bytes.set(encodeIncarnation(frame.incarnation), INCARNATION_AT);
  return bytes;
}

/** Reads a handshake frame from bytes that anyone may have sent. */
export function parseHandshake(bytes: Uint8Array): ParsedHandshake {
  if (bytes.length !== HANDSHAKE_BYTES) {
    return invalid(`Frame has ${bytes.length} bytes, not ${HANDSHAKE_BYTES}`);
  }
  if (MAGIC.some((byte, at) => bytes[at] !== byte)) return invalid("Magic bytes are missing");
  const [code = 0, versionMin = 0, versionMax = 0, refusalCode = 0] = bytes.subarray(KIND_AT);
  const kind = HANDSHAKE_KINDS[code - 1];
  if (kind === undefined) return invalid(`Step ${code} is unknown`);
  const clusterId = parseIdField(bytes, CLUSTER_AT);
  const from = parseIdField(bytes, FROM_AT);
  const to = parseIdField(bytes, TO_AT);
  if (clusterId === null || from === null || to === null) return invalid("An id is malformed");
  const refusal = REFUSALS[refusalCode - 1] ?? null;
  const nonce = bytes.slice(NONCE_AT, PROOF_AT);
  const proof = bytes.slice(PROOF_AT, INCARNATION_AT);
  const hex = bytes.subarray(INCARNATION_AT).toHex();
  const incarnation = isIncarnation(hex) ? hex : null;
  return {
    ok: true,
    frame: {
      kind,
      versionMin,
      versionMax,
      refusal,
      clusterId,
      from,
      to,
      nonce,
      proof,
      incarnation,
    },
  };
}

function parseIdField(bytes: Uint8Array, at: number): string | null {
  const length = bytes[at] ?? 0;
  if (length < 1 || length > ID_BYTES_MAX) return null;
  const end = at + 1 + length;
  if (bytes.subarray(end, at + ID_FIELD_BYTES).some((byte) => byte !== 0)) return null;
  try {
    return decoder.decode(bytes.subarray(at + 1, end));
  } catch {
    return null; // Not UTF-8.
  }
}

function invalid(reason: string): ParsedHandshake {
  return { ok: false, reason };
}
