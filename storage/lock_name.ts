/**
 * The file whose advisory lock keeps a second process out of a data directory.
 *
 * @module
 */

/** Its name. It is empty, and stays when the lock is given back. */
export const LOCK_NAME = "LOCK";
