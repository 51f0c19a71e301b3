/**
 * The bytes of everything that leaves the core: messages between peers, log entries, hard state,
 * configurations and snapshot descriptions.
 *
 * @module
 */

export * from "./byte_reader.ts";
export * from "./byte_slab.ts";
export * from "./byte_string.ts";
export * from "./byte_writer.ts";
export * from "./configuration_codec.ts";
export * from "./decode_error.ts";
export * from "./entry_codec.ts";
export * from "./ids_codec.ts";
export * from "./message_codec.ts";
export * from "./snapshot_codec.ts";
export * from "./tags.ts";
