import type { Locator, Page } from 'playwright-core';
import { world } from './world.ts';

export { patient } from '@esteira/tests/patience';

export const open = (path: string) => world.page.goto(`${world.pipeline.console.url}${path}`);
export const heading = (name: string | RegExp) => world.page.getByRole('heading', { level: 1, name });
export const button = (name: string | RegExp, where: Page | Locator = world.page) =>
  where.getByRole('button', { name });
export const rows = (label: string) => world.page.getByRole('table', { name: label }).locator('tbody tr[data-index]');
export const panel = (name: string) => world.page.getByRole('region', { name });
export const dialog = () => world.page.getByRole('dialog');
export const figure = (label: string) => world.page.locator(`[data-figure="${label}"]`);
export const textOf = async (locator: Locator) => (await locator.textContent()) ?? '';
export const systemName = (index: number) => world.pipeline.settings.systems[index]!.name;

/** Waits until the page shows what it was opened for. */
export async function untilShown(): Promise<void> {
  await world.page.getByRole('heading', { level: 1 }).waitFor();
  await world.page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' });
}

/** Counts, from now on, how often this page asks for a path. */
export function countRequests(path: string): () => number {
  let count = 0;
  world.page.on('request', (request) => (count += new URL(request.url()).pathname === path ? 1 : 0));
  return () => count;
}

/** Waits until a job's page says that its job is in a state. */
export const untilJob = (state: string) => panel('Progress').getByText(state, { exact: true }).waitFor();

/** Goes through with a redrive whose preview is open, and waits for the page of its job. */
export async function redrive(why: string): Promise<void> {
  await dialog().getByLabel('Why').fill(why);
  await dialog()
    .getByRole('button', { name: /^Redrive \d+ dead letters?$/ })
    .click();
  await heading(/^Redrive of/).waitFor();
}
