import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Solitude } from '../src/solitude.ts';

describe('one alone', () => {
  it('never runs beside anything else, in whatever order they come and end', async () => {
    const kinds = fc.array(fc.constantFrom('together' as const, 'alone' as const), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), kinds, async (scheduler, all) => {
        const solitude = new Solitude();
        const running = new Set<number>();
        let lonely = 0;
        const runs = all.map((kind, index) =>
          solitude[kind](async () => {
            running.add(index);
            if (kind === 'alone') lonely += 1;
            if (lonely > 0) expect(running.size).toBe(1);
            await scheduler.schedule(Promise.resolve());
            running.delete(index);
            if (kind === 'alone') lonely -= 1;
          }),
        );
        await scheduler.waitFor(Promise.all(runs));
        expect(running.size).toBe(0);
      }),
    );
  });

  it('lets the next one in when its work fails', async () => {
    const solitude = new Solitude();
    await expect(solitude.alone(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(solitude.together(() => Promise.resolve('yes'))).resolves.toBe('yes');
    await expect(solitude.alone(() => Promise.resolve('yes'))).resolves.toBe('yes');
  });
});
