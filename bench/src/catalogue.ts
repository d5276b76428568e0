import { type Size, type Variant } from './bench.ts';
import { measureCeiling } from './ceiling.ts';
import { measurePipeline } from './pipeline.ts';

/** Every variant of every bench, in the order in which a round measures them. */
export function catalogue(size: Size): Variant[] {
  return [
    { bench: 'ceiling', name: 'bare amqplib', measure: async (arena) => [await measureCeiling(arena, size.orders)] },
    { bench: 'pipeline', name: 'esteira', measure: async (arena) => [await measurePipeline(arena, size.orders)] },
  ];
}
