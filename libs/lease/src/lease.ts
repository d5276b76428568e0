/**
 * A lease, held. A process that stood still can't know whether another has taken it over meanwhile, so what the lease
 * protects is written with the token, and the store compares it in the step that writes.
 */
export interface Held {
  /** What is held: a job, a pipeline, a cursor. */
  readonly key: string;
  /** Who holds it. */
  readonly holder: string;
  /** Fencing token: each holder's is higher than that of the one before. */
  readonly token: number;
}

/**
 * The right to something, which one process at a time has for as long as it says that it lives. Time is the store's own:
 * holders on several machines need not agree about it. `Change` is what the store takes as a change of the things that
 * the lease protects.
 */
export interface Lease<Change> {
  /** Takes it for so many milliseconds; undefined while another's is not over. Of many at once, one gets it. */
  take(key: string, holder: string, forMs: number): Promise<Held | undefined>;
  /**
   * Holds on for so many milliseconds from now, and makes a change in the same step. One that is over and that nobody has
   * taken goes on. `lost`: another holds it, or it is gone; nothing was written, and nothing is made again.
   */
  renew(held: Held, forMs: number, change?: Change): Promise<'renewed' | 'lost'>;
  /** Gives it up, for another to take at once, and makes a change in the same step. Of one that is lost it changes nothing. */
  release(held: Held, change?: Change): Promise<void>;
}

/** Another process holds it, or it is gone: whatever this one still does must have no effect. */
export class LeaseLost extends Error {
  override name = 'LeaseLost';

  /** @param what for people, at the beginning of a sentence: `Job 7` */
  constructor(what: string) {
    super(`${what} is held by another process now, or gone.`);
  }
}
