import { afterAll, expect, it, vi } from 'vitest';
import { barriersOn } from './browser.ts';
import { button, heading, open, panel, patient, redrive, rows, systemName, untilJob } from './on-page.ts';
import { world } from './world.ts';

const health = () => world.page.locator('[data-health="down"]');
const problem = (text: string | RegExp) => world.page.getByRole('alert').getByText(text);
const down = async () => {
  const servers = await world.page.locator('[data-server]').filter({ hasText: /down/ }).all();
  return Promise.all(servers.map((one) => one.getAttribute('data-server')));
};

const starting: Promise<void>[] = [];

/** Takes a server away while the overview is open, does something, and gives it back: the page shows both by itself. */
async function without(
  server: string,
  how: 'in order' | 'killed',
  { shownAs = server, work }: { shownAs?: string; work: () => Promise<void> },
): Promise<void> {
  await open('/');
  await panel('Servers and apps').locator(`[data-server="${shownAs}"]`).getByText('up').waitFor();
  await world.servers.stop(server, how);
  try {
    await health().getByText(shownAs, { exact: true }).waitFor();
    await health()
      .locator(`[data-outage="${shownAs}"]`)
      .filter({ hasText: /is down since/ })
      .waitFor();
    await panel('Servers and apps')
      .locator(`[data-server="${shownAs}"]`)
      .getByText(/^seen since/)
      .waitFor();
    await vi.waitFor(async () => {
      expect(await down()).toEqual([shownAs]);
    }, patient);
    await work();
  } finally {
    // It says so some seconds after the server is there: nobody waits for that.
    starting.push(world.servers.start(server));
  }
  await health().waitFor({ state: 'detached' });
}

/** A row that comes into the second system is seen on the overview within a moment. */
async function overviewMoves(): Promise<void> {
  await world.books.source(1, `INSERT INTO orders (product, price, security_check) VALUES ('of now', 1, true)`);
  const { behind } = (await world.pipeline.get(1, '/v0/process/status')) as { behind: { rows: number } };
  await panel(systemName(1)).getByText(String(behind.rows), { exact: true }).waitFor();
}

async function searchWorks(): Promise<void> {
  await open(`/orders/messages?system=${systemName(0)}&source_id=1`);
  await rows('Messages').first().waitFor();
}

async function deadLettersWork(): Promise<void> {
  await open('/orders/dead-letters');
  await rows('Groups of dead letters').first().waitFor();
  await open('/orders/dead-letters/list?state=dead');
  await rows('Dead letters').first().waitFor();
}

/** Each server in turn: the page names it, the rest works on, and it is back by itself. */
export function outages(): void {
  afterAll(async () => {
    await Promise.all(starting);
  });

  it('RabbitMQ: the rest works on, and a redrive waits for it and then goes through', async () => {
    await without('rabbitmq', 'killed', {
      work: async () => {
        await panel('Queues')
          .getByText(/^as of/)
          .waitFor();
        await overviewMoves();
        expect(await barriersOn(world.page)).toEqual([]);
        await searchWorks();
        await deadLettersWork();
        world.service.isMended = true;
        await rows('Dead letters').first().getByRole('link').click();
        await button('Redrive this one').click();
        await redrive('while RabbitMQ is away');
        await world.page.getByText(/^It waits for a server: RabbitMQ/).waitFor();
      },
    });
    await untilJob('finished');
    world.service.isMended = false;
  });

  it('MongoDB: the rest works on, a search says what is missing, and finds it as soon as it can', async () => {
    await without('mongodb', 'killed', {
      work: async () => {
        await overviewMoves();
        await open('/orders/history');
        await rows('History').first().waitFor();
        await open('/orders/dead-letters/list?state=discarded');
        await rows('Dead letters').first().getByRole('link').click();
        await heading(/^Dead letter: /).waitFor();
        await open('/orders/messages');
        await problem(/^MongoDB can't be used right now/).waitFor();
      },
    });
    await rows('Messages').first().waitFor();
  });

  it('Redis: the rest works on, a run is refused with the reason, and can be started afterwards', async () => {
    const run = () => button('Run', panel(systemName(1))).click();
    const cursor = async () =>
      (await world.pipeline.get(1, '/v0/process/status'))['cursor'] as { status: string; started_at: string };
    const { started_at: before } = await cursor();
    await without('redis', 'in order', {
      work: async () => {
        await panel(systemName(1))
          .getByText(/^as of/)
          .waitFor();
        await run();
        await problem(/Redis/).first().waitFor();
        await searchWorks();
        await open('/orders/history');
        await problem('What was asked of the systems themselves lately is not here yet').waitFor();
        await rows('History').first().waitFor();
        await open('/');
      },
    });
    await run();
    // The panel may still say `finished` of the run before. A transaction of another test may hold rows back.
    await vi.waitFor(async () => {
      const { status, started_at } = await cursor();
      expect([status, started_at === before]).toEqual(['FINISHED', false]);
    }, patient);
    await panel(systemName(1)).getByText('finished').waitFor();
  });

  it('the endput: the banner says what stands still, the consumers say why, and the rest works on', async () => {
    await without('endput', 'killed', {
      work: async () => {
        await health()
          .getByText(/nothing can be stored/)
          .waitFor();
        await panel('Consumers').getByText('not-ready').first().waitFor();
        await panel('Consumers')
          .getByText(/endput/)
          .first()
          .waitFor();
        await overviewMoves();
        await open('/orders/messages?status=succeeded');
        await rows('Messages').first().waitFor();
        await open('/orders/dead-letters/list?state=discarded');
        await problem(/^Postgres can't be used right now/).waitFor();
      },
    });
    await rows('Dead letters').first().waitFor();
  });

  it('a source: its system says so, and the other systems and all lists work on', async () => {
    await without('postgres-system-1', 'in order', {
      shownAs: `postgres-${systemName(0)}`,
      work: async () => {
        await overviewMoves();
        await searchWorks();
        await rows('Messages').first().getByRole('link').first().click();
        await heading(`${systemName(0)}, row 1`).waitFor();
        await open('/orders/dead-letters/list?state=discarded');
        await rows('Dead letters').first().waitFor();
      },
    });
  });
}
