import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadSettings } from '@esteira/settings';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutOwnTables } from '../src/commands/demo.ts';
import { withConnections } from '../src/connections.ts';
import { ordersApi } from '../src/demo/api.ts';
import { deal, importBody, parseOrders, readOrders, sample } from '../src/demo/orders.ts';
import { looked, progressLine, seemsAtRest, type Progress } from '../src/demo/progress.ts';

describe('a system that reads a table of the user', () => {
  it('takes no part in the demo, which is refused where no other is left', async () => {
    const own = { SYSTEM2_TABLE: 'shop.purchases' };
    await withConnections(loadSettings(own), (connections) => {
      expect(withoutOwnTables(connections).systems.map(({ name }) => name)).toEqual(['system-1']);
      return Promise.resolve();
    });
    await withConnections(loadSettings({ ...own, SYSTEMS: 'one,two', SYSTEM1_TABLE: 't' }), (connections) => {
      expect(() => withoutOwnTables(connections)).toThrow(/each system reads a table of your own: one, two/);
      return Promise.resolve();
    });
  });
});

describe('the orders of the demo', () => {
  it('are 69,659, of which 80 cost nothing', () => {
    const { head, lines } = readOrders();
    expect(head).toBe('ordered_at,customer,product,quantity,price');
    expect(lines).toHaveLength(69_659);
    expect(lines.filter((line) => line.endsWith(',0.00'))).toHaveLength(80);
  });

  it('make a sample that is spread evenly and holds no order twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 600 }), (total, wanted) => {
        const lines = Array.from({ length: total }, (_, i) => String(i));
        const chosen = sample(lines, wanted);
        expect(chosen).toHaveLength(Math.min(total, wanted));
        const gaps = chosen.map((line, i) => Number(chosen[i + 1] ?? total) - Number(line));
        expect(Math.min(...gaps)).toBeGreaterThan(0);
        expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('are dealt out so that each goes to one system, in shares that differ by one at most', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: 5 }), (lines, systems) => {
        const shares = deal(lines, systems);
        expect(shares.flat().toSorted()).toEqual(lines.toSorted());
        const sizes = shares.map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('are imported under a key that is the same for the same orders, and another for others', () => {
    const { head, lines } = parseOrders('a,b\n1,2\n3,4\n');
    expect(importBody(head, lines)).toEqual(importBody('a,b', ['1,2', '3,4']));
    expect(importBody(head, lines).text).toBe('a,b\n1,2\n3,4\n');
    expect(importBody(head, lines).idempotencyKey).not.toBe(importBody(head, lines.slice(1)).idempotencyKey);
  });
});

describe('the progress of the demo', () => {
  const progress: Progress = {
    imported: 1000,
    published: 900,
    stored: 800,
    waiting: 60,
    deadLettered: 10,
    inLanes: 30,
  };

  it('is one line where there is no terminal', () => {
    expect(progressLine(progress)).toBe(
      'imported 1,000 · published 900 · stored 800 · waiting for a retry 60 · dead-lettered 10',
    );
  });

  it('is at rest when all is published, and counted at rest or gone from the broker for a while', () => {
    const published = { ...progress, published: 1000 };
    expect(seemsAtRest({ ...progress, waiting: 0, inLanes: 0 }, true)).toBe(false);
    expect(seemsAtRest(published, true)).toBe(false);
    expect(seemsAtRest({ ...published, stored: 990 }, false)).toBe(true);
    expect(seemsAtRest({ ...published, waiting: 0, inLanes: 0 }, false)).toBe(false);
    expect(seemsAtRest({ ...published, waiting: 0, inLanes: 0 }, true)).toBe(true);
  });

  it('stands still from the moment of its last change, also while nothing can be counted', () => {
    const first = looked(undefined, progress, 1_000);
    expect(looked(first, progress, 2_000).since).toBe(1_000);
    expect(looked(first, undefined, 3_000).since).toBe(1_000);
    expect(looked(first, { ...progress, waiting: 59 }, 4_000).since).toBe(4_000);
    expect(looked(undefined, undefined, 5_000).since).toBe(5_000);
  });
});

describe('the API of a system', () => {
  it('behind a proxy that answers with a page of its own is told as that, not as JSON that can not be read', async () => {
    const proxy = createServer((_, response) => {
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo;
    const told = `The API of system-1 answered 502 with text/html, which is not its JSON. Look at what answers at http://127.0.0.1:${port}/v0/process/run.`;
    await expect(ordersApi('system-1', port, []).run()).rejects.toThrow(told);
    proxy.close();
  });
});
