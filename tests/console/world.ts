import { settingsEntries } from '@esteira/settings';
import { startPrivateServers, type PrivateServers } from '@esteira/infra';
import { openBooks, startPipeline, type Books, type Pipeline } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import type { Browser, Page } from 'playwright-core';
import { buildPage, openBrowser } from './browser.ts';
import { startService, type Service } from './verifier.ts';

/** Orders of the walk that pass, and that do not until the verifying service is mended. */
export const POSITIVE = 300;
export const NEGATIVE = 60;

/** What a walk through the console takes: one system for all of it, on servers that nobody else uses. */
export interface World {
  servers: PrivateServers;
  pipeline: Pipeline;
  books: Books;
  service: Service;
  browser: Browser;
  /** Of the test that runs, in a context of its own. */
  page: Page;
  /** What the browser complains of: refused scripts and styles too. */
  complaints: string[];
}

/** Filled by {@link openWorld}. */
export const world = { complaints: [] as string[] } as World;

/** Starts servers, apps and browser, and builds the page. */
export async function openWorld(): Promise<void> {
  const [servers] = await Promise.all([startPrivateServers(process.env, () => undefined), buildPage()]);
  world.servers = servers;
  world.service = await startService();
  world.pipeline = await startPipeline({
    servers: Object.fromEntries(settingsEntries(servers.settings)),
    env: { VERIFIER: 'http', VERIFIER_URL: world.service.url },
  });
  world.books = await openBooks(world.pipeline.settings);
  await world.pipeline.console.start();
  world.browser = await openBrowser();
}

/** Ends all of it, as far as it was started. */
export async function closeWorld(): Promise<void> {
  const { servers, pipeline, books, service, browser } = world as Partial<World>;
  try {
    await browser?.close();
    await books?.close();
    await pipeline?.stop();
    await service?.close();
  } finally {
    await servers?.end('remove');
  }
}

/** A page of its own for a test, in a context of its own. */
export async function openPage(): Promise<void> {
  world.complaints = [];
  const context = await world.browser.newContext({ viewport: { width: 1280, height: 900 } });
  // Of the context, so that it holds for each tab that a test opens beside the first.
  context.setDefaultTimeout(patient.timeout);
  world.page = await context.newPage();
  world.page.on('console', (message) => {
    if (message.type() === 'error') world.complaints.push(message.text());
  });
  world.page.on('pageerror', (error) => world.complaints.push(error.message));
}
