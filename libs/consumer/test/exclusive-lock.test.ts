import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExclusiveLock } from '../src/exclusive-lock.ts';

describe('one alone', () => {
  it('never runs beside anything else, in whatever order they come and end', async () => {
    const kinds = fc.array(fc.constantFrom('shared' as const, 'exclusive' as const), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), kinds, async (scheduler, all) => {
        const lock = new ExclusiveLock();
        const running = new Set<number>();
        let lonely = 0;
        const runs = all.map((kind, index) =>
          lock[kind](async () => {
            running.add(index);
            if (kind === 'exclusive') lonely += 1;
            if (lonely > 0) expect(running.size).toBe(1);
            await scheduler.schedule(Promise.resolve());
            running.delete(index);
            if (kind === 'exclusive') lonely -= 1;
          }),
        );
        await scheduler.waitFor(Promise.all(runs));
        expect(running.size).toBe(0);
      }),
    );
  });

  it('lets the next one in when its work fails', async () => {
    const lock = new ExclusiveLock();
    await expect(lock.exclusive(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(lock.shared(() => Promise.resolve('yes'))).resolves.toBe('yes');
    await expect(lock.exclusive(() => Promise.resolve('yes'))).resolves.toBe('yes');
  });
});
