import { expect, it, vi } from 'vitest';
import { barriersOn } from './browser.ts';
import {
  button,
  countRequests,
  dialog,
  figure,
  heading,
  open,
  panel,
  patient,
  redrive,
  rows,
  systemName,
  textOf,
  untilJob,
} from './on-page.ts';
import { NEGATIVE, POSITIVE, world } from './world.ts';

const SCRIPT = `<script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">`;
/** Its page is the fifth. */
const HISTORY_KEY = 5;

/** The way of an operator, from a run to reconciliation. */
export function walk(): void {
  it('moves while a run goes on, and shows it finished', async () => {
    await world.pipeline.post(0, '/v0/insert-data', { positive_inserts: POSITIVE, negative_inserts: NEGATIVE });
    await open('/');
    const system = panel(systemName(0));
    await system.getByText('idle').waitFor();
    await button('Run', system).click();
    await figure('Stored').filter({ hasNotText: /^0/ }).waitFor();
    await system.getByText('finished').waitFor();
    await vi.waitFor(async () => {
      expect(await textOf(figure('Dead letters'))).toBe(String(NEGATIVE));
    }, patient);
    await world.books.untilAtRest(POSITIVE + NEGATIVE);
    expect(world.complaints).toEqual([]);
  });

  it('finds a message from its source id, and tells its life', async () => {
    await open('/');
    await heading('Overview').waitFor();
    await world.page.keyboard.press('/');
    await world.page.keyboard.type(`${systemName(0)} 1`);
    await world.page.keyboard.press('Enter');
    await rows('Messages').first().waitFor();
    await world.page.keyboard.press('j');
    await world.page.keyboard.press('Enter');
    await heading(`${systemName(0)}, row 1`).waitFor();
    await world.page.getByText('Row in the source').waitFor();
    await world.page.getByText(/^Attempt 1: /).waitFor();
    await world.page.getByText(/^(Stored in the endput|Dead letter: )/).waitFor();
  });

  it('redrives a group after a preview, and the job stops itself when all fails again', async () => {
    await open('/orders/dead-letters');
    await rows('Groups of dead letters').first().waitFor();
    await button(/^Redrive refused/).click();
    await dialog()
      .getByText(`${systemName(0)} ${NEGATIVE}`)
      .waitFor();
    await dialog()
      .getByText(/^20 messages first/)
      .waitFor();
    expect(await barriersOn(world.page)).toEqual([]);
    const previews = countRequests('/v0/pipelines/orders/dead-letters/preview');
    for (const key of ['Backspace', 'Backspace', '3', '5', '.', '5']) await dialog().getByLabel('Stop at').press(key);
    await dialog().getByLabel('Rate').fill('400');
    await dialog().getByLabel('Stop at').fill('100');
    await dialog()
      .getByText(/^20 messages first/)
      .waitFor({ state: 'detached' });
    expect(previews()).toBe(1);
    await dialog().getByLabel('Stop at').fill('20');
    await redrive('to see whether it is mended');
    await untilJob('stopped');
    await world.page.getByText('It stopped itself').waitFor();
    expect((await world.books.counts()).dead).toBe(NEGATIVE);
    await button('Cancel the rest').click();
    await untilJob('cancelled');
  });

  it('edits a body, shows the change, and keeps the original', async () => {
    await open('/orders/dead-letters/list?state=dead');
    await rows('Dead letters').first().getByRole('link').click();
    await heading(/^Dead letter: /).waitFor();
    await button('Edit …').click();
    const body = dialog().getByLabel('Body', { exact: true });
    await body.fill((await body.inputValue()).replace('"security_check": false', '"security_check": true'));
    await dialog()
      .getByText(/\+\s+"security_check": true/)
      .waitFor();
    await dialog().getByLabel('Why').fill('it was paid in cash');
    await button('Save the body', dialog()).click();
    await dialog().waitFor({ state: 'detached' });
    await world.page.getByRole('tab', { name: 'Change' }).click();
    await world.page.getByText(/-\s+"security_check": false/).waitFor();
    await button('Redrive this one').click();
    await redrive('edited');
    await untilJob('finished');
    await vi.waitFor(async () => {
      expect((await world.books.counts()).stored).toBe(POSITIVE + 1);
    }, patient);
  });

  it('discards what is selected by keyboard, with a reason that stays in the history', async () => {
    await open('/orders/dead-letters/list?state=dead');
    await rows('Dead letters').first().waitFor();
    await world.page.keyboard.press('j');
    await world.page.keyboard.press('x');
    await world.page.getByText('1 dead letter selected').waitFor();
    await button('Discard 1 selected').click();
    await dialog().getByLabel('Why').fill('nobody wants it');
    await dialog().getByRole('button', { name: 'Discard 1 dead letter', exact: true }).click();
    await untilJob('finished');
    await world.page.keyboard.press(String(HISTORY_KEY));
    await heading('History').waitFor();
    await world.page.getByText('nobody wants it').first().waitFor();
  });

  it('shows in the history what was asked of an API itself', async () => {
    await world.pipeline.post(1, '/v0/process/unblock');
    await open('/orders/history');
    const latest = rows('History').first();
    await latest.getByRole('cell', { name: 'unblock', exact: true }).waitFor();
    await latest.getByRole('cell', { name: 'local', exact: true }).waitFor();
    await latest.getByText(`system: ${systemName(1)}`).waitFor();
  });

  it('redrives everything once the fault is mended, and all is stored', async () => {
    world.service.isMended = true;
    await open('/orders/dead-letters/list?state=dead');
    await rows('Dead letters').first().waitFor();
    await button('Redrive everything that matches').click();
    await redrive('the service is mended');
    await untilJob('finished');
    await vi.waitFor(async () => {
      expect(await world.books.counts()).toMatchObject({ stored: POSITIVE + NEGATIVE - 1, dead: 0 });
    }, patient);
    await open('/orders/dead-letters');
    await world.page.getByText('No open dead letters').waitFor();
    world.service.isMended = false;
  });

  it('shows a script in a product as text', async () => {
    const [row] = await world.books.source<{ id: string }>(
      1,
      'INSERT INTO orders (product, price, security_check) VALUES ($1, 1, false) RETURNING id',
      [SCRIPT],
    );
    await world.pipeline.publishAll(1);
    const [letter] = await vi.waitFor(async () => {
      const found = await world.books.endput<{ message_id: string }>(
        `SELECT message_id FROM dead_letters WHERE state = 'dead'`,
      );
      expect(found).toHaveLength(1);
      return found;
    }, patient);
    for (const path of [`/orders/messages/${letter!.message_id}`, `/orders/dead-letters/${letter!.message_id}`]) {
      await open(path);
      await heading(new RegExp(`row ${row!.id}$`)).waitFor();
      await world.page.getByText('<script>').first().waitFor();
      expect(await world.page.evaluate('window.hacked')).toBeUndefined();
    }
    expect(world.complaints).toEqual([]);
  });

  it('reconciles: finds a row that is missing, publishes it again, and then all is at rest', async () => {
    await world.books.endput('DELETE FROM orders WHERE message_id = (SELECT message_id FROM orders LIMIT 1)');
    await open('/orders/reconciliation');
    // RabbitMQ's counts lag: for a moment the row may be on its way, for all that is known.
    await vi.waitFor(async () => {
      await button('Reconcile now').click();
      await panel('Result').getByText('not consistent').waitFor({ timeout: 30_000 });
    }, patient);
    await world.page.getByRole('link', { name: 'missing 1' }).click();
    await rows('Rows: missing').first().waitFor();
    expect(await barriersOn(world.page)).toEqual([]);
    await rows('Rows: missing').first().getByText(/true/).waitFor();
    await button('Publish 1 missing row again …').click();
    await dialog()
      .getByText(/^1 row to publish: /)
      .waitFor();
    expect(await barriersOn(world.page)).toEqual([]);
    await dialog().getByLabel('Why').fill('somebody deleted it');
    await button('Publish 1 row again', dialog()).click();
    await panel('Result').getByText('1 missing row published again').waitFor();
    await world.books.untilAtRest(POSITIVE + NEGATIVE);
    await button('Reconcile now').click();
    await panel('Result').getByText('all at rest').waitFor();
  });

  it('shows an app that is down with since when, and goes on when the console itself was away', async () => {
    await open('/');
    await world.pipeline.consumers[0]!.end('SIGKILL');
    await world.page.getByRole('alert').getByText('consumer-1').waitFor();
    await panel(systemName(0)).getByText('finished').waitFor();
    await world.pipeline.consumers[0]!.start();
    await world.page.getByRole('alert').waitFor({ state: 'detached' });
    await world.pipeline.console.end('SIGKILL');
    await world.page.getByText(/The console has not answered since/).waitFor();
    await world.pipeline.console.start();
    await world.page.getByText(/The console has not answered since/).waitFor({ state: 'detached' });
    // The charts have their past at once, and none of them broke on the way.
    await world.page.getByRole('img', { name: /^Messages, the last 15 minutes; now: ready \d/ }).waitFor();
    expect(world.complaints.filter((complaint) => /Error:|Invalid time/.test(complaint))).toEqual([]);
  });
}
