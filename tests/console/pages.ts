import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { patient } from '@esteira/tests/patience';
import { expect, it, vi } from 'vitest';
import { barriersOn, paleOn } from './browser.ts';
import { button, heading, open, rows, systemName, untilShown } from './on-page.ts';
import { world } from './world.ts';

const ROUTER = join(import.meta.dirname, '..', '..', 'apps', 'console', 'web', 'src', 'router.tsx');
const NARROW = { width: 360, height: 740 };
const TABLET = { width: 800, height: 1_000 };

/** The page around what is shown moves over for a moment. */
const untilItFits = (width: number) =>
  vi.waitFor(async () => {
    expect(await world.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  }, patient);

const newest = async (column: string, rest: string) => {
  const [row] = await world.books.endput<{ found: string }>(`SELECT ${column} AS found ${rest} LIMIT 1`);
  return row!.found;
};

/** Around the pages that all pipelines share; it shows nothing by itself. */
const LAYOUT = '/$pipeline';

/** An address of each route, with something to show. */
const PATHS: Readonly<Record<string, () => Promise<string> | string>> = {
  '/': () => '/',
  '/$pipeline/': () => '/orders',
  '/$pipeline/attempts': () => '/orders/attempts',
  '/$pipeline/dead-letters': () => '/orders/dead-letters',
  '/$pipeline/dead-letters/list': () => '/orders/dead-letters/list?state=discarded',
  '/$pipeline/dead-letters/jobs': () => '/orders/dead-letters/jobs',
  '/$pipeline/dead-letters/jobs/$jobId': async () =>
    `/orders/dead-letters/jobs/${await newest('id', 'FROM dead_letter_jobs ORDER BY id')}`,
  '/$pipeline/dead-letters/$messageId': async () =>
    `/orders/dead-letters/${await newest('message_id', `FROM dead_letters WHERE state = 'dead'`)}`,
  '/$pipeline/books': () => '/orders/books',
  '/$pipeline/books/$id': async () => `/orders/books/${await newest('id', 'FROM reconciliations ORDER BY id')}`,
  '/$pipeline/history': () => '/orders/history',
  '/orders/messages': () => '/orders/messages',
  '/orders/messages/$messageId': async () =>
    `/orders/messages/${await newest('message_id', 'FROM orders ORDER BY attempts DESC')}`,
  '/orders/reconciliation': () => '/orders/reconciliation',
  '/orders/reconciliation/$id': async () =>
    `/orders/reconciliation/${await newest('id', 'FROM reconciliations ORDER BY id')}`,
  '/sign-in': () => '/sign-in',
  'an address that is nothing': () => '/nowhere',
};

/** What axe finds, in both schemes, and whether it fits on a narrow screen. */
export function everyPage(): void {
  it('of the router is looked at', () => {
    const routes = [...readFileSync(ROUTER, 'utf8').matchAll(/\.\.\.(at|of)\('([^']+)'\)/g)]
      .map(([, parent, path]) => (parent === 'of' ? `${LAYOUT}${path}` : path))
      .filter((path) => path !== LAYOUT);
    expect(Object.keys(PATHS)).toEqual(expect.arrayContaining(routes));
    expect(routes).toHaveLength(Object.keys(PATHS).length - 1);
  });

  it.each(Object.keys(PATHS))(
    '%s has no barrier that axe can find, light or dark, and fits on a narrow screen',
    async (route) => {
      await world.page.emulateMedia({ colorScheme: 'light' });
      await open(await PATHS[route]!());
      await untilShown();
      expect(await barriersOn(world.page)).toEqual([]);
      await world.page.emulateMedia({ colorScheme: 'dark' });
      await world.page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
      expect(await paleOn(world.page)).toEqual([]);
      for (const viewport of [TABLET, NARROW]) {
        await world.page.setViewportSize(viewport);
        await untilItFits(viewport.width);
      }
    },
  );

  it.each([
    ['/$pipeline/history', '?jop=7&why=lost', ['jop=7', 'why=lost'], 'History'],
    ['/orders/reconciliation/$id', '?kind=lost', ['kind=lost'], 'Rows by day'],
  ])(
    '%s says what of %s it does not understand, and lists everything at a click',
    async (route, query, parts, list) => {
      await open(`${await PATHS[route]!()}${query}`);
      const alert = world.page.getByRole('alert').filter({ hasText: 'A part of this address is not understood' });
      for (const part of parts) await alert.getByText(part, { exact: true }).waitFor();
      expect(await rows(list).count()).toBe(0);
      expect(await barriersOn(world.page)).toEqual([]);
      await alert.getByRole('link', { name: 'List without it' }).click();
      await rows(list).first().waitFor();
      await alert.waitFor({ state: 'detached' });
    },
  );

  it.each([
    ['/dead-letters/list?state=discarded&words=a+b', '/orders/dead-letters/list?state=discarded&words=a+b'],
    ['/messages?words=pen', '/orders/messages?words=pen'],
    ['/history', '/orders/history'],
    ['/', '/orders'],
  ])('is found from where %s was, before there were several pipelines', async (old, now) => {
    await open(old);
    await world.page.waitForURL(`${world.pipeline.console.url}${now}`);
    await untilShown();
    await world.page.goBack();
    expect(world.page.url()).toBe('about:blank');
  });

  it('of a history of one job says so, and shows all at a click', async () => {
    await open(`/orders/history?job=${await newest('id', 'FROM dead_letter_jobs ORDER BY id')}`);
    await rows('History').first().waitFor();
    const some = await rows('History').count();
    await world.page.getByRole('link', { name: 'Show all' }).click();
    await vi.waitFor(async () => {
      expect(await rows('History').count()).toBeGreaterThan(some);
    }, patient);
  });

  it('with the days of a reconciliation fits on any screen, and on 360 pixels nothing scrolls, whatever their counts', async () => {
    const id = await newest('id', 'FROM reconciliations ORDER BY id');
    await world.books.endput(
      `INSERT INTO reconciliation_days (reconciliation, system, day, rows, attempts, classes)
       SELECT reconciliation, system, '2026-01-31', 9999999, 9999999,
              (SELECT jsonb_object_agg(key, 8888888) FROM jsonb_each(classes))
         FROM reconciliation_days WHERE reconciliation = $1`,
      [id],
    );
    await world.page.setViewportSize(NARROW);
    await open(`/orders/reconciliation/${id}`);
    await rows('Rows by day').getByText('8,888,888').first().waitFor();
    const frame = `document.querySelector('table[aria-label="Rows by day"]').parentElement`;
    expect(await world.page.evaluate(`${frame}.scrollWidth - ${frame}.clientWidth`)).toBe(0);
    await rows('Rows by day').getByText(systemName(0)).first().waitFor();
    for (const width of [800, 1_100, 1_280, 1_400, 1_620]) {
      await world.page.setViewportSize({ width, height: 800 });
      await untilItFits(width);
    }
  });

  it('is marked in the navigation, alone, on the pages below it too', async () => {
    const marked = world.page.getByRole('navigation', { name: 'Pages' }).locator('a[aria-current], a[data-active]');
    for (const [path, label] of [
      ['/orders', 'Overview'],
      ['/orders/dead-letters/list', 'Dead letters'],
      ['/orders/history', 'History'],
    ] as const) {
      await open(path);
      await heading(label).waitFor();
      expect(await marked.allInnerTexts()).toEqual([label]);
    }
  });

  it('is reached on a narrow screen too, through a menu without a barrier', async () => {
    await world.page.setViewportSize(NARROW);
    await open('/');
    await button('Pages').click();
    const link = world.page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Messages' });
    await link.waitFor();
    expect(await barriersOn(world.page)).toEqual([]);
    await link.click();
    await heading('Messages').waitFor();
    await link.waitFor({ state: 'hidden' });
  });
}
