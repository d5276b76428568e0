import { unnamedCursorKey, type CursorName } from '@esteira/relay';
import { ordersPipeline } from '../domain/index.ts';

/** The cursor of a system of orders. Releases with one pipeline kept it under a key without the pipeline. */
export const ordersCursor = (system: string): CursorName => ({
  pipeline: ordersPipeline.name,
  system,
  formerKey: unnamedCursorKey(system),
});
