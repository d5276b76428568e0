import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { REPOSITORY } from '@esteira/infra';

/** A file of orders: its head line, and a line for each order. */
export interface OrderFile {
  readonly head: string;
  readonly lines: readonly string[];
}

/** The orders of CDNOW, see infra/data. */
export function readOrders(): OrderFile {
  const path = join(REPOSITORY, 'infra', 'data', 'cdnow-orders.csv.gz');
  return parseOrders(gunzipSync(readFileSync(path)).toString('utf8'));
}

/** Takes a CSV text apart. None of its fields holds a line break. */
export function parseOrders(text: string): OrderFile {
  const [head = '', ...lines] = text.split('\n').filter((line) => line !== '');
  return { head, lines };
}

/** `count` of the lines, spread evenly; all of them where that is not fewer. Pure: the same sample each time. */
export function sample(lines: readonly string[], count: number): readonly string[] {
  if (count >= lines.length) return lines;
  return Array.from({ length: count }, (_, i) => lines[Math.floor((i * lines.length) / count)] ?? '');
}

/** Deals lines out to systems in turn: two systems get every second line each. */
export function deal(lines: readonly string[], systems: number): string[][] {
  return Array.from({ length: systems }, (_, system) => lines.filter((__, i) => i % systems === system));
}

/** What is sent to the API of one system. */
export interface ImportBody {
  readonly text: string;
  /** Made from the content: the same orders are imported once, however often the demo runs. */
  readonly idempotencyKey: string;
}

/** The body that imports these lines. */
export function importBody(head: string, lines: readonly string[]): ImportBody {
  const text = `${[head, ...lines].join('\n')}\n`;
  return { text, idempotencyKey: `demo-${createHash('sha256').update(text).digest('hex').slice(0, 32)}` };
}
