import { expect, it } from 'vitest';
import { UnpublishableRow } from '../src/page-source.ts';
import { sourceChanged, unpublishableRow, unroutable } from '../src/run-errors.ts';
import { messageAt } from './support.ts';

it('an error that needs a person says what to do with the cursor, and names no request of an API', () => {
  const errors = [
    sourceChanged('system-1', 'the cursor belongs to another table (a then, b now)'),
    unpublishableRow(new UnpublishableRow('system-1: the row with id -1 of things. Give it another id')),
    unroutable('system-1', messageAt(1), 'exchange esteira.things'),
  ];
  for (const { message } of errors) {
    expect(message).toMatch(/^system-1: .*unblock the cursor and run again[.]$/);
    expect(message).not.toMatch(/POST|\/v\d/);
  }
});
