import { openBooks, startPipeline, type Books, type Pipeline } from '@esteira/tests/support';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { barriersOn, buildPage, openBrowser } from './browser.ts';
import { startService, type Service } from './verifier.ts';

const POSITIVE = 300;
const NEGATIVE = 60;
const SCRIPT = `<script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">`;
const patient = { timeout: 30_000, interval: 100 };

let pipeline: Pipeline;
let books: Books;
let browser: Browser;
let service: Service;
let page: Page;
/** What the browser complains of: refused scripts and styles too. */
let complaints: string[] = [];

beforeAll(async () => {
  buildPage();
  service = await startService();
  pipeline = await startPipeline({ env: { VERIFIER: 'http', VERIFIER_URL: service.url } });
  books = await openBooks(pipeline.settings);
  await pipeline.console.start();
  browser = await openBrowser();
}, 120_000);

afterAll(async () => {
  await browser.close();
  await books.close();
  await pipeline.stop();
  await service.close();
});

beforeEach(async () => {
  complaints = [];
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
});

afterEach(async () => {
  await page.context().close();
});

const open = (path: string) => page.goto(`${pipeline.console.url}${path}`);
const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name });
const button = (name: string | RegExp, where: Page | Locator = page) => where.getByRole('button', { name });
const rows = (label: string) => page.getByRole('table', { name: label }).locator('tbody tr[data-index]');
const textOf = async (locator: Locator) => (await locator.textContent()) ?? '';
const systemName = (index: number) => pipeline.settings.systems[index]!.name;
const panel = (name: string) => page.getByRole('region', { name });

/** Waits until a job's page says that its job is in a state. */
const untilJob = (state: string) => panel('Progress').getByText(state, { exact: true }).waitFor();

async function redrive(why: string): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Why').fill(why);
  await dialog.getByRole('button', { name: /^Redrive \d+ dead letters?$/ }).click();
  await heading(/^Redrive of/).waitFor();
}

describe('the console in a browser', () => {
  it('moves while a run goes on, and shows it finished', async () => {
    await pipeline.post(0, '/v0/insert-data', { positive_inserts: POSITIVE, negative_inserts: NEGATIVE });
    await open('/');
    const system = panel(systemName(0));
    await system.getByText('idle').waitFor();
    await button('Run', system).click();
    await system.getByText('finished').waitFor();
    await vi.waitFor(async () => {
      expect(await textOf(page.locator('[data-figure="Dead letters"]'))).toBe(String(NEGATIVE));
    }, patient);
    await books.untilAtRest(POSITIVE + NEGATIVE);
    expect(complaints).toEqual([]);
  });

  it('finds a message from its source id, and tells its life', async () => {
    await open('/');
    await heading('Overview').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type(`${systemName(0)} 1`);
    await page.keyboard.press('Enter');
    await rows('Messages').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await heading(`${systemName(0)}, row 1`).waitFor();
    await page.getByText('Row in the source').waitFor();
    await page.getByText(/^Attempt 1: /).waitFor();
    await page.getByText(/^(Stored in the endput|Dead letter: )/).waitFor();
  });

  it('redrives a group after a preview, and the job stops itself when all fails again', async () => {
    await open('/dead-letters');
    await rows('Groups of dead letters').first().waitFor();
    await button(/^Redrive refused-by-verifier/).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(`${systemName(0)} ${NEGATIVE}`).waitFor();
    await dialog.getByText(/^20 messages first/).waitFor();
    expect(await barriersOn(page)).toEqual([]);
    await redrive('to see whether it is mended');
    await untilJob('stopped');
    await page.getByText('It stopped itself').waitFor();
    expect((await books.counts()).dead).toBe(NEGATIVE);
    await button('Cancel the rest').click();
    await untilJob('cancelled');
  });

  it('edits a body, shows the change, and keeps the original', async () => {
    await open('/dead-letters/list?state=dead');
    await rows('Dead letters').first().getByRole('link').click();
    await heading(/^Dead letter: /).waitFor();
    await button('Edit …').click();
    const dialog = page.getByRole('dialog');
    const body = dialog.getByLabel('Body', { exact: true });
    await body.fill((await body.inputValue()).replace('"security_check": false', '"security_check": true'));
    await dialog.getByText(/\+\s+"security_check": true/).waitFor();
    await dialog.getByLabel('Why').fill('it was paid in cash');
    await button('Save the body', dialog).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('tab', { name: 'Change' }).click();
    await page.getByText(/-\s+"security_check": false/).waitFor();
    await button('Redrive this one').click();
    await redrive('edited');
    await untilJob('finished');
    await vi.waitFor(async () => {
      expect((await books.counts()).stored).toBe(POSITIVE + 1);
    }, patient);
  });

  it('discards what is selected by keyboard, with a reason that stays in the history', async () => {
    await open('/dead-letters/list?state=dead');
    await rows('Dead letters').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.getByText('1 dead letter selected').waitFor();
    await button('Discard 1 selected').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Why').fill('nobody wants it');
    await dialog.getByRole('button', { name: 'Discard 1 dead letter', exact: true }).click();
    await untilJob('finished');
    await page.keyboard.press(String(HISTORY_KEY));
    await heading('History').waitFor();
    await page.getByText('nobody wants it').first().waitFor();
  });

  it('redrives everything once the fault is mended, and all is stored', async () => {
    service.isMended = true;
    await open('/dead-letters/list?state=dead');
    await rows('Dead letters').first().waitFor();
    await button('Redrive everything that matches').click();
    await redrive('the service is mended');
    await untilJob('finished');
    await vi.waitFor(async () => {
      expect(await books.counts()).toMatchObject({ stored: POSITIVE + NEGATIVE - 1, dead: 0 });
    }, patient);
    await open('/dead-letters');
    await page.getByText('No open dead letters').waitFor();
    service.isMended = false;
  });

  it('shows a script in a product as text', async () => {
    const [row] = await books.source<{ id: string }>(
      1,
      'INSERT INTO orders (product, price, security_check) VALUES ($1, 1, false) RETURNING id',
      [SCRIPT],
    );
    await pipeline.publishAll(1);
    const [letter] = await vi.waitFor(async () => {
      const found = await books.endput<{ message_id: string }>(
        `SELECT message_id FROM dead_letters WHERE state = 'dead'`,
      );
      expect(found).toHaveLength(1);
      return found;
    }, patient);
    for (const path of [`/messages/${letter!.message_id}`, `/dead-letters/${letter!.message_id}`]) {
      await open(path);
      await heading(new RegExp(`row ${row!.id}$`)).waitFor();
      await page.getByText('<script>').first().waitFor();
      expect(await page.evaluate('window.hacked')).toBeUndefined();
    }
    expect(complaints).toEqual([]);
  });

  it('reconciles: finds a row that is missing, publishes it again, and then all is at rest', async () => {
    await books.endput('DELETE FROM orders WHERE message_id = (SELECT message_id FROM orders LIMIT 1)');
    await open('/reconciliation');
    await button('Reconcile now').click();
    await panel('Result').getByText('not consistent').waitFor();
    await page.getByRole('link', { name: 'missing 1' }).click();
    await rows('Rows: missing').first().waitFor();
    expect(await barriersOn(page)).toEqual([]);
    await button('Publish 1 missing row again').click();
    await page.getByText('1 missing row published again').waitFor();
    await books.untilAtRest(POSITIVE + NEGATIVE);
    await button('Reconcile now').click();
    await panel('Result').getByText('all at rest').waitFor();
  });

  it('shows an app that is down with since when, and goes on when the console itself was away', async () => {
    await open('/');
    await pipeline.consumers[0]!.end('SIGKILL');
    await page.getByRole('alert').getByText('consumer-1').waitFor();
    await panel(systemName(0)).getByText('finished').waitFor();
    await pipeline.consumers[0]!.start();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await pipeline.console.end('SIGKILL');
    await page.getByText(/The console has not answered since/).waitFor();
    await pipeline.console.start();
    await page.getByText(/The console has not answered since/).waitFor({ state: 'detached' });
  });
});

const PAGES = [
  '/',
  '/messages',
  '/dead-letters',
  '/dead-letters/list?state=discarded',
  '/dead-letters/jobs',
  '/dead-letters/jobs/1',
  '/reconciliation',
  '/history',
  '/sign-in',
  '/nowhere',
];
const HISTORY_KEY = 5;

describe.each(['light', 'dark'] as const)('every page, %s', (colorScheme) => {
  it.each(PAGES)('%s has no barrier that axe can find', async (path) => {
    await page.emulateMedia({ colorScheme });
    await open(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' });
    expect(await barriersOn(page)).toEqual([]);
  });
});

it.each(PAGES)('%s fits on a screen of 360 pixels', async (path) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await open(path);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' });
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
});
