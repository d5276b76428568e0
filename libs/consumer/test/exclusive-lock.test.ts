import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
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

describe('one alone, where nobody waits for hours', () => {
  const PATIENCE_MS = 1_000;

  /** Lets time pass, in which promises that are settled are heard of. */
  function theLock() {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const lock = new ExclusiveLock(PATIENCE_MS);
    const begun: string[] = [];
    const forHours = (name: string) => () => {
      begun.push(name);
      return new Promise<void>(() => undefined);
    };
    return { lock, begun, forHours, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
  }

  it('waits so long for those that run, holds others back so long, and says when they come in', async () => {
    const { lock, begun, forHours, pass } = theLock();
    void lock.shared(forHours('earlier'));
    await pass(0);
    void lock.exclusive(forHours('alone'), () => Promise.resolve(void begun.push('before others')));
    void lock.shared(forHours('later'));
    await pass(PATIENCE_MS - 1);
    expect(begun).toEqual(['earlier']);
    await pass(1);
    expect(begun).toEqual(['earlier', 'alone']);
    await pass(PATIENCE_MS - 1);
    expect(begun).toEqual(['earlier', 'alone']);
    await pass(1);
    expect(begun).toEqual(['earlier', 'alone', 'before others', 'later']);
  });

  it('waits once for those that run for long, and holds others up for four times its patience, however many are to be alone', async () => {
    const { lock, begun, forHours, pass } = theLock();
    const alone = () => begun.filter((name) => name === 'alone').length;
    for (let index = 0; index < 32; index += 1) void lock.shared(forHours('earlier'));
    await pass(0);
    for (let index = 0; index < 32; index += 1) void lock.exclusive(forHours('alone'));
    void lock.shared(forHours('later'));
    await pass(PATIENCE_MS);
    expect(alone()).toBe(1);
    // The second waits for nobody: those that run were waited for.
    await pass(PATIENCE_MS);
    expect(alone()).toBe(2);
    await pass(2 * PATIENCE_MS - 1);
    expect(begun).not.toContain('later');
    await pass(1);
    expect(begun).toContain('later');
    // Still one after the other, whatever comes in beside them: so it is known which of them ends the process.
    for (let count = 4; count <= 32; count += 1) {
      expect(alone()).toBe(count);
      void lock.shared(forHours('later still'));
      await pass(PATIENCE_MS);
    }
    expect(begun.filter((name) => name === 'later still')).toHaveLength(29);
  });

  it('begins at once where nothing runs, and lets others in as soon as it ends', async () => {
    const { lock, begun, forHours, pass } = theLock();
    await lock.exclusive(() => Promise.resolve(begun.push('alone')));
    void lock.shared(forHours('later'));
    await pass(0);
    expect(begun).toEqual(['alone', 'later']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
