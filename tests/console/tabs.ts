import type { Page } from 'playwright-core';
import { expect, it, vi } from 'vitest';
import { patient, systemName } from './on-page.ts';
import { world } from './world.ts';

/** More than a browser has connections for a server of HTTP/1.1. */
const TABS = 10;

const behindOn = (page: Page) => page.locator('[data-figure="Rows behind"]');

/** One more row that is not published; how many there are then, as the page says it. */
async function oneMoreRow(): Promise<string> {
  await world.books.source(1, `INSERT INTO orders (product, price, security_check) VALUES ('of a tab', 1, true)`);
  const status = await Promise.all([0, 1].map((index) => world.pipeline.get(index, '/v0/process/status')));
  return String((status as { behind: { rows: number } }[]).reduce((sum, { behind }) => sum + behind.rows, 0));
}

/** Tells a page that its tab is hidden, or in sight again: a browser without a screen hides none. */
async function turn(page: Page, state: 'hidden' | 'visible'): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));`);
}

/** Windows side by side, and tabs behind others. */
export function tabs(): void {
  it('all answer, ten of them at once', async () => {
    const pages = [world.page];
    while (pages.length < TABS) pages.push(await world.page.context().newPage());
    for (const page of pages) {
      await page.goto(`${world.pipeline.console.url}/orders/messages`);
      await page.getByRole('heading', { level: 1, name: 'Messages' }).waitFor();
      // The stream has told it which systems there are.
      await page.getByRole('option', { name: systemName(1) }).waitFor({ state: 'attached' });
    }
    for (const page of pages) {
      expect(await page.evaluate(`fetch('/v0/session').then(({ status }) => status)`)).toBe(200);
    }
  });

  it('that are shown again are current at once', async () => {
    await world.page.goto(`${world.pipeline.console.url}/`);
    await behindOn(world.page).waitFor();
    await world.page.getByRole('region', { name: systemName(1) }).waitFor();
    await turn(world.page, 'hidden');
    const rows = await oneMoreRow();
    await vi.waitFor(async () => {
      expect(await seenByServer()).toBe(rows);
    }, patient);
    await turn(world.page, 'visible');
    await behindOn(world.page).getByText(rows, { exact: true }).waitFor();
  });
}

/** The rows behind, as the server tells them. */
async function seenByServer(): Promise<string> {
  const answer = await world.page.request.get(`${world.pipeline.console.url}/v0/pipelines/orders/overview`);
  const { systems } = (await answer.json()) as { systems: { behind: { rows: number } | null }[] };
  return String(systems.reduce((sum, { behind }) => sum + (behind?.rows ?? 0), 0));
}
