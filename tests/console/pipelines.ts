import { join } from 'node:path';
import { buildApp } from '@esteira/console-server/app';
import { consoleMigrations } from '@esteira/console-server/migrations';
import { openSessions } from '@esteira/http';
import { createLogger, createMetrics } from '@esteira/observability';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { minimalPipeline, type MinimalPipeline } from '@esteira/console-server/minimal-pipeline';
import { freshDatabase, type Fresh } from '@esteira/tests/support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { barriersOn } from './browser.ts';
import { button, heading, panel, rows } from './on-page.ts';
import { world } from './world.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'apps', 'console', 'web', 'dist');
const logger = createLogger({ name: 'test', level: 'silent' });

/** A console of two pipelines that bring nothing but what they must. */
export function severalPipelines(): void {
  let database: Fresh;
  let endput: Postgres;
  let both: readonly MinimalPipeline[];
  let app: Awaited<ReturnType<typeof buildApp>>;
  let url: string;
  beforeAll(async () => {
    database = await freshDatabase('ENDPUT_DATABASE_URL');
    for (const migrations of consoleMigrations) await migrate(database.url, migrations);
    endput = openPostgres({ url: database.url, applicationName: 'test', max: 8 });
    const open = (name: string, title: string, lanes: [string, ...string[]]) =>
      minimalPipeline(endput, logger, { name, types: [{ name: 'sent', schemaVersion: 1 }], lanes }, title);
    both = [await open('parcels', 'Parcels', ['express', 'bulk']), await open('postcards', 'Postcards', ['post'])];
    for (const lane of ['express', 'bulk']) await both[0]!.dies(lane === 'bulk' ? 2 : 1, lane);
    await both[1]!.dies(7, 'post');
    app = await buildApp({
      ...{ logger, metrics: createMetrics({}), allowedHosts: '127.0.0.1', trustedProxies: 'loopback', page: PAGE },
      access: { keys: [], sessions: openSessions([], '') },
      pipelines: both.map((one) => one.console),
      tablesReady: () => Promise.resolve(),
    });
    url = await app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(async () => {
    await app.close();
    for (const one of both) await one.stop();
    await endput.close();
    await database.drop();
  });
  const open = (path: string) => world.page.goto(`${url}${path}`);
  const pages = () => world.page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
  const switcher = () => world.page.getByRole('navigation', { name: 'Pipelines' });
  const switchTo = async (title: string) => {
    await switcher().getByRole('link', { name: title }).click();
  };

  it('begin with the first, and have the pages that all share', async () => {
    await open('/');
    await heading('Overview').waitFor();
    expect(new URL(world.page.url()).pathname).toBe('/parcels');
    expect(await pages().allTextContents()).toEqual(['Overview', 'Attempts', 'Dead letters', 'Books', 'History']);
    expect(await pages().and(world.page.locator('[aria-current]')).allTextContents()).toEqual(['Overview']);
    expect(await barriersOn(world.page)).toEqual([]);
    expect(await switcher().getByRole('link').allTextContents()).toEqual(['Parcels', 'Postcards']);
    expect(await switcher().locator('[aria-current]').allTextContents()).toEqual(['Parcels']);
    expect(world.complaints).toEqual([]);
  });

  it('are switched between at the top, to the page that shows the same', async () => {
    await open('/parcels/dead-letters');
    await rows('Groups of dead letters').getByText('no-parcels').waitFor();
    await switchTo('Postcards');
    await rows('Groups of dead letters').getByText('no-postcards').waitFor();
    expect(new URL(world.page.url()).pathname).toBe('/postcards/dead-letters');
    expect(await pages().and(world.page.locator('[aria-current]')).allTextContents()).toEqual(['Dead letters']);
    expect(await rows('Groups of dead letters').count()).toBe(1);
  });

  it('show the lane of a dead letter where there are several, and narrow down by it', async () => {
    await open('/parcels/dead-letters/list');
    await rows('Dead letters').getByText('express').waitFor();
    expect(await world.page.getByRole('columnheader').allTextContents()).toEqual(
      expect.arrayContaining(['Number', 'Lane']),
    );
    await world.page.getByLabel('Lane', { exact: true }).selectOption('bulk');
    await button('Search').click();
    await rows('Dead letters').getByText('express').waitFor({ state: 'detached' });
    await rows('Dead letters').getByRole('link').click();
    await heading('Dead letter: depot-1, number 2').waitFor();
    await world.page.getByText('bulk', { exact: true }).waitFor();
    await open('/postcards/dead-letters/list');
    await rows('Dead letters').first().waitFor();
    expect(await world.page.getByRole('columnheader').allTextContents()).not.toContain('Lane');
  });

  it('list what an address asks that says system, as earlier releases called an origin', async () => {
    await open('/parcels/dead-letters/list?system=depot-1');
    await rows('Dead letters').nth(1).waitFor();
    expect(await world.page.getByLabel('Depot', { exact: true }).inputValue()).toBe('depot-1');
    await open('/parcels/dead-letters/list?system=depot-2');
    await world.page.getByText('No dead letter is like that').waitFor();
  });

  it('show their attempts, and those of one message with the way to its dead letter', async () => {
    await open('/parcels/attempts');
    await rows('Attempts').nth(1).waitFor();
    expect(await world.page.getByRole('columnheader').allTextContents()).toContain('Number');
    await world.page.getByLabel('Number', { exact: true }).fill('2');
    await button('Search').click();
    await rows('Attempts').getByText('depot-1 1').waitFor({ state: 'detached' });
    await rows('Attempts').getByRole('link', { name: 'depot-1 2' }).click();
    await world.page.getByRole('link', { name: 'Its dead letter' }).click();
    await heading('Dead letter: depot-1, number 2').waitFor();
    expect(world.complaints).toEqual([]);
  });

  it('are switched between on a narrow screen too', async () => {
    await world.page.setViewportSize({ width: 360, height: 740 });
    await open('/parcels/history');
    await button('Pages').click();
    await switcher().getByRole('link', { name: 'Postcards' }).waitFor();
    expect(await barriersOn(world.page)).toEqual([]);
    await switchTo('Postcards');
    await world.page.waitForURL(`${url}/postcards/history`);
  });

  it('are redriven by their own jobs', async () => {
    await open('/postcards/dead-letters/list?state=dead');
    await button('Redrive everything that matches').click();
    await world.page.getByRole('dialog').getByLabel('Why').fill('the post is back');
    await world.page.getByRole('button', { name: 'Redrive 1 dead letter', exact: true }).click();
    await heading(/^Redrive of/).waitFor();
    await world.page.getByText('finished', { exact: true }).waitFor();
    expect(both.map(({ sent }) => sent.length)).toEqual([0, 1]);
    await switchTo('Parcels');
    await rows('Groups of dead letters').getByText('no-parcels').waitFor();
  });

  it('make up their books, which say what does not add up, item by item', async () => {
    await open('/parcels/books');
    await world.page.getByText('Not made up yet').waitFor();
    expect(await barriersOn(world.page)).toEqual([]);
    await button('Make up the books').click();
    await panel('Result').getByText('all at rest', { exact: true }).waitFor();
    both[0]!.loses('BR-99');
    await button('Make up the books').click();
    await panel('Result').getByText('does not add up', { exact: true }).waitFor();
    await panel('Result').getByText('1 lost: nowhere').waitFor();
    const counts = panel('Result')
      .getByRole('row', { name: /^depot-1/ })
      .getByRole('cell');
    expect(await counts.allTextContents()).toEqual(['3', '2', '0', '0', '1', '1']);
    await rows('Items: lost').getByText('BR-99').waitFor();
    expect(await barriersOn(world.page)).toEqual([]);
    await world.page.getByRole('link', { name: 'All', exact: true }).click();
    await rows('Books').nth(1).waitFor();
    await switchTo('Postcards');
    await world.page.getByText('Not made up yet').waitFor();
    expect(world.complaints).toEqual([]);
  });

  it('that there is not has no page, and no one of orders where orders do not run', async () => {
    for (const path of ['/orders', '/parcels/messages']) {
      await open(path);
      await heading('There is nothing here').waitFor();
    }
  });
}
