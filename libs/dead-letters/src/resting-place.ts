/**
 * The endput decides in one transaction where a message rests: never both stored and dead, and stored wins. Writers of
 * dead letters exclude each other and those who store; those who store exclude only writers of dead letters. So each
 * sees what the other has committed, whatever copies of a message do at the same time.
 */
const LOCK = 0x65737465; // 'este'

/** Goes with BEGIN of a transaction that stores: many at once. */
export const LOCK_TO_STORE = `SELECT pg_advisory_xact_lock_shared(${LOCK})`;

/** Goes with BEGIN of a transaction that writes dead letters: one at a time, and no storing beside it. */
export const LOCK_TO_BURY = `SELECT pg_advisory_xact_lock(${LOCK})`;
