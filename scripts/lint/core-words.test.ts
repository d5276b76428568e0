import { Linter } from 'eslint';
import { describe, expect, it } from 'vitest';
import { coreWords } from './core-words.ts';

/** The words that the rule finds in a file. */
function foundIn(code: string): string[] {
  const messages = new Linter().verify(code, {
    plugins: { esteira: { rules: { 'core-words': coreWords } } },
    rules: { 'esteira/core-words': 'error' },
  });
  return messages.map(({ message }) => /^`(\w+)`/.exec(message)?.[1] ?? message);
}

describe('a line of the core that names a pipeline', () => {
  it.each([
    ["import { storeOrders } from '@esteira/orders/endput';", ['orders', 'orders']],
    ['const orderId = 1;', ['order']],
    ['const ORDER_TABLE = 1;', ['order']],
    ['verifier.verify(message);', ['verifier', 'verify']],
    ["throw new Error('The order has no price.');", ['order', 'price']],
    ['const text = `${count} products`;', ['products']],
    ['class Box { #sensors = []; }', ['sensors']],
    ["const column = 'schedule_id';", ['schedule']],
  ])('%s is found', (code, words) => {
    expect(foundIn(code)).toEqual(words);
  });

  it.each([
    'const sql = `SELECT id FROM trials ORDER BY id`;',
    "const line = 'It answers in the order of its questions, in order.';",
    'const { orderBy } = page;',
    'const retrySchedule = 1;',
    'const reproduction = [ordered, border, production];',
    '// An order, for example.',
  ])('%s is let be', (code) => {
    expect(foundIn(code)).toEqual([]);
  });
});
