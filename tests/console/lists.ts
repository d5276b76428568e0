import { beforeAll, expect, it, vi } from 'vitest';
import { aDeadLetter } from './dead-letter.ts';
import { button, heading, open, patient, rows, systemName, untilShown } from './on-page.ts';
import { world } from './world.ts';

/** In pixels. */
const TWO_LINES = 35;
const LONG = `of a list ${'with many more words '.repeat(30)}`;

const insert = (product: string, isPositive = true) =>
  world.books.source(1, 'INSERT INTO orders (product, price, security_check) VALUES ($1, 1, $2)', [
    product,
    isPositive,
  ]);

/** As long as a reason may be, with few words and with long ones. */
const WHY = `of a list ${'why '.repeat(60)}${'supplier'.repeat(30)}`.slice(0, 500);

/** What lists find, and what they say of what they don't. */
export function lists(): void {
  beforeAll(async () => {
    await insert(LONG);
    await insert('of a list and refused', false);
    await world.pipeline.publishAll(1);
    const answer = await fetch(`${world.pipeline.console.url}/v0/pipelines/orders/dead-letters/discards`, {
      method: 'POST',
      body: JSON.stringify({ selection: { message_ids: [await aDeadLetter()] }, why: WHY }),
      headers: { 'content-type': 'application/json', 'x-requested-with': 'a test' },
    });
    expect(answer.status).toBe(202);
  });

  it('find a number as pages print it, typed anywhere', async () => {
    await open('/');
    await heading('Overview').waitFor();
    await world.page.keyboard.press('/');
    await world.page.keyboard.type(`${systemName(0)}, row 34,868`);
    await world.page.keyboard.press('Enter');
    await heading('Messages').waitFor();
    const address = () => Object.fromEntries(new URL(world.page.url()).searchParams);
    await vi.waitFor(() => {
      expect(address()).toEqual({ system: systemName(0), source_id: '34868' });
    }, patient);
    await world.page.getByRole('textbox', { name: 'Source id', exact: true }).fill('1,234,567');
    await button('Search').click();
    await vi.waitFor(() => {
      expect(address()).toEqual({ system: systemName(0), source_id: '1234567' });
    }, patient);
  });

  it('find words with the outcome of any attempt, and keep ids in one piece beside long names', async () => {
    await vi.waitFor(async () => {
      await open('/orders/messages?words=of+a+list');
      await untilShown();
      expect(await rows('Messages').count()).toBeGreaterThan(1);
    }, patient);
    const id = rows('Messages').filter({ hasText: 'with many more words' }).getByRole('link');
    expect((await id.boundingBox())?.height).toBeLessThan(TWO_LINES);
    await open('/orders/messages?words=refused&status=dead-lettered');
    await rows('Messages').first().waitFor();
  });

  it.each([360, 1_280])('keep what was done in one piece beside the longest reason, on %d pixels', async (width) => {
    await world.page.setViewportSize({ width, height: 800 });
    await open('/orders/history');
    const done = rows('History').filter({ hasText: WHY }).getByRole('link');
    expect((await done.first().boundingBox())?.height).toBeLessThan(TWO_LINES);
    await open('/orders/dead-letters/jobs');
    const job = rows('Jobs').getByRole('link').first();
    expect((await job.boundingBox())?.height).toBeLessThan(TWO_LINES * 2);
    expect(await world.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });

  it.each(['/orders/messages', '/orders/dead-letters/list'])(
    '%s says that a time ends before it begins',
    async (path) => {
      await open(`${path}?from=2026-11-21T16:00:00Z&to=2026-11-21T15:00:00Z`);
      await world.page
        .getByRole('alert')
        .getByText(/^The time asked for ends before it begins/)
        .waitFor();
    },
  );

  it('say how much is newer, and show it at a click', async () => {
    await open('/orders/messages');
    await rows('Messages').first().waitFor();
    const newest = await rows('Messages').first().getByRole('link').textContent();
    await insert('of the news');
    await world.pipeline.publishAll(1);
    await button(/^Show \d+ newer$/).waitFor();
    expect(await rows('Messages').first().getByRole('link').textContent()).toBe(newest);
    await button(/^Show \d+ newer$/).click();
    await rows('Messages').filter({ hasText: 'of the news' }).first().waitFor();
    await button(/newer$/).waitFor({ state: 'detached' });
  });
}
