import { describe, expect, it } from 'vitest';
import { recent } from '../src/recent.ts';

/** A question whose answers come when they are let go. */
function slowly() {
  const asked: { question: string; answer: (text: string) => void; fail: (error: Error) => void }[] = [];
  const ask = (question: string) =>
    new Promise<string>((answer, fail) => {
      asked.push({ question, answer, fail });
    });
  let at = 0;
  const answers = recent(ask, 2_000, () => at);
  return { asked, answers, pass: (ms: number) => (at += ms) };
}

describe('an answer that may be old', () => {
  it('is waited for once, by all who ask, while there is none', async () => {
    const { asked, answers } = slowly();
    const both = Promise.all([answers.lately('one'), answers.lately('two')]);
    expect(asked).toHaveLength(1);
    asked[0]?.answer('it');
    expect(await both).toEqual(['it', 'it']);
  });

  it('is given without asking while it is young, and while it is asked again', async () => {
    const { asked, answers, pass } = slowly();
    const first = answers.lately('first');
    asked[0]?.answer('old');
    await first;
    pass(999);
    expect([await answers.lately('second'), asked.length]).toEqual(['old', 1]);
    pass(1);
    expect([await answers.lately('third'), await answers.lately('fourth'), asked.length]).toEqual(['old', 'old', 2]);
    asked[1]?.answer('new');
    await expect.poll(() => answers.lately('fifth')).toBe('new');
  });

  it('is not given when it is too old', async () => {
    const { asked, answers, pass } = slowly();
    const first = answers.lately('first');
    asked[0]?.answer('old');
    await first;
    pass(2_000);
    const late = answers.lately('second');
    asked[1]?.answer('new');
    expect(await late).toBe('new');
  });

  it('stays while asking again fails, and is not kept for those who ask for now', async () => {
    const { asked, answers, pass } = slowly();
    const first = answers.lately('first');
    asked[0]?.answer('old');
    await first;
    pass(1_500);
    expect(await answers.lately('second')).toBe('old');
    asked[1]?.fail(new Error('away'));
    const fresh = answers.now('third');
    asked[2]?.answer('fresh');
    expect([await fresh, await answers.lately('fourth')]).toEqual(['fresh', 'fresh']);
  });
});
