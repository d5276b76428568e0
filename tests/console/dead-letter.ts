import { patient } from '@esteira/tests/patience';
import { expect, vi } from 'vitest';
import { world } from './world.ts';

/** The open dead letter of a row that nobody else looks at. */
export async function aDeadLetter(): Promise<string> {
  const [row] = await world.books.source<{ id: string }>(
    1,
    `INSERT INTO orders (product, price, security_check) VALUES ('of a draft', 1, false) RETURNING id`,
  );
  await world.pipeline.publishAll(1);
  return vi.waitFor(async () => {
    const [letter] = await world.books.endput<{ message_id: string }>(
      `SELECT message_id FROM dead_letters WHERE state = 'dead' AND key = $1`,
      [row!.id],
    );
    expect(letter).toBeDefined();
    return letter!.message_id;
  }, patient);
}
