import type { OutgoingMessage } from '@esteira/pipeline';
import type { RunError } from './cursor.ts';
import type { UnpublishableRow } from './page-source.ts';

/** The positions of a cursor mean nothing in the source that answers now. */
export function sourceChanged(system: string, change: string): RunError {
  return {
    code: 'source-changed',
    message:
      `${system}: ${change}. Clearing the cursor publishes everything again and harms nothing: ` +
      'what is stored already is recognised. If the source is the wrong one, correct its address, ' +
      'then unblock the cursor and run again.',
  };
}

/** A row that no message can be made of: it is neither left out nor tried for ever. */
export function unpublishableRow({ message }: UnpublishableRow): RunError {
  return { code: 'unpublishable-row', message: `${message}, then unblock the cursor and run again.` };
}

/** A message came back: no queue takes what is sent to its lane. */
export function unroutable(system: string, { messageId, lane }: OutgoingMessage, target: string): RunError {
  return {
    code: 'unroutable',
    message:
      `${system}: message ${messageId} came back from ${target}: no queue is bound to it for the lane "${lane}". ` +
      'The cursor stands before its page. Declare the queues again (each API and consumer does so when it starts), ' +
      'then unblock the cursor and run again.',
  };
}
