import { patient } from '@esteira/tests/patience';
import { describe, expect, it, vi } from 'vitest';
import { keepLease, type Held, type Lease } from '../src/index.ts';

/** Leases of one store, and something that they protect. */
export interface Stage<Change> {
  readonly lease: Lease<Change>;
  /** Something to hold, whose protected value is `''`. Nobody else uses it. */
  readonly fresh: () => Promise<string>;
  /** A change of the protected value, for a renewal. */
  readonly change: (value: string) => Change;
  /** A protected write by itself; false where the store refused it. */
  readonly write: (held: Held, value: string) => Promise<boolean>;
  readonly value: (key: string) => Promise<string | undefined>;
  /** Removes what is held. */
  readonly remove: (key: string) => Promise<void>;
}

/** Outlasts every test. */
const LONG_MS = 3_600_000;

/** What every lease must do, whatever the store. */
export function exercise<Change>(name: string, stage: () => Stage<Change>): void {
  const taken = async (key: string, holder: string, forMs: number): Promise<Held> => {
    const held = await stage().lease.take(key, holder, forMs);
    if (held === undefined) throw new Error(`${holder} did not get ${key}`);
    return held;
  };

  describe(`a lease in ${name}`, () => {
    it('is taken by one of many who ask at once', async () => {
      const { lease, fresh } = stage();
      const key = await fresh();
      const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => lease.take(key, `p${i}`, LONG_MS)));
      expect(answers.filter((held) => held !== undefined)).toHaveLength(1);
    });

    it('is not free while it is renewed, and keeps its token', async () => {
      const { lease, fresh, write, value } = stage();
      const key = await fresh();
      const held = await taken(key, 'a', LONG_MS);
      expect(await lease.renew(held, LONG_MS)).toBe('renewed');
      expect(await lease.take(key, 'b', LONG_MS)).toBeUndefined();
      expect(await write(held, 'of a')).toBe(true);
      expect(await value(key)).toBe('of a');
    });

    it('writes what a renewal changes in the same step', async () => {
      const { lease, fresh, change, value } = stage();
      const key = await fresh();
      const held = await taken(key, 'a', LONG_MS);
      expect(await lease.renew(held, LONG_MS, change('of a'))).toBe('renewed');
      expect(await value(key)).toBe('of a');
    });

    it('is free at once when it is given up, and the next token is higher', async () => {
      const { lease, fresh, change, value } = stage();
      const key = await fresh();
      const first = await taken(key, 'a', LONG_MS);
      await lease.release(first, change('last word'));
      expect(await value(key)).toBe('last word');
      const second = await taken(key, 'a', LONG_MS);
      expect(second.token).toBeGreaterThan(first.token);
    });

    it('goes on when it was over and nobody took it', async () => {
      const { lease, fresh, write } = stage();
      const key = await fresh();
      const held = await taken(key, 'a', 0);
      expect(await write(held, 'of a')).toBe(true);
      expect(await lease.renew(held, LONG_MS)).toBe('renewed');
      expect(await lease.take(key, 'b', LONG_MS)).toBeUndefined();
    });

    it('is taken over, once and with a higher token, when it is over', async () => {
      const { lease, fresh } = stage();
      const key = await fresh();
      const first = await taken(key, 'a', 0);
      const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => lease.take(key, `p${i}`, LONG_MS)));
      const next = answers.filter((held) => held !== undefined);
      expect(next).toHaveLength(1);
      expect(next[0]?.token).toBeGreaterThan(first.token);
    });

    it('lets a frozen holder that wakes write nothing, give up nothing and renew nothing', async () => {
      const { lease, fresh, change, write, value } = stage();
      const key = await fresh();
      const frozen = await taken(key, 'a', 0);
      const next = await taken(key, 'b', LONG_MS);
      await write(next, 'of b');
      expect(await write(frozen, 'of a')).toBe(false);
      expect(await lease.renew(frozen, LONG_MS, change('of a'))).toBe('lost');
      await lease.release(frozen, change('of a'));
      expect(await lease.take(key, 'c', LONG_MS)).toBeUndefined();
      expect(await value(key)).toBe('of b');
      expect(await lease.renew(next, LONG_MS)).toBe('renewed');
    });

    it('lets one that wakes write nothing when the same process has taken it anew', async () => {
      const { fresh, write, value } = stage();
      const key = await fresh();
      const frozen = await taken(key, 'a', 0);
      await write(await taken(key, 'a', LONG_MS), 'new');
      expect(await write(frozen, 'old')).toBe(false);
      expect(await value(key)).toBe('new');
    });

    it('is not made again by a holder when what it held is gone', async () => {
      const { lease, fresh, change, write, value, remove } = stage();
      const key = await fresh();
      const held = await taken(key, 'a', LONG_MS);
      await remove(key);
      expect(await write(held, 'of a')).toBe(false);
      expect(await lease.renew(held, LONG_MS, change('of a'))).toBe('lost');
      await lease.release(held);
      expect(await value(key)).toBeUndefined();
    });

    it('is renewed until it is lost, and then no more', async () => {
      const { lease, fresh } = stage();
      const key = await fresh();
      let held = await taken(key, 'a', LONG_MS);
      const renewals: string[] = [];
      const end = keepLease({
        forMs: 3,
        renew: async () => {
          const outcome = await lease.renew(held, LONG_MS);
          renewals.push(outcome);
          return outcome === 'renewed';
        },
        onFault: (fault) => renewals.push(String(fault)),
      });
      await vi.waitFor(() => {
        expect(renewals.length).toBeGreaterThan(1);
      }, patient);
      held = { ...held, token: held.token - 1 };
      await vi.waitFor(() => {
        expect(renewals.at(-1)).toBe('lost');
      }, patient);
      await end();
      expect(renewals.filter((outcome) => outcome !== 'renewed')).toEqual(['lost']);
    });
  });
}
