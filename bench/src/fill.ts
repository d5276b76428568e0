import type { Settings } from '@esteira/settings';
import { insertMadeUpOrders } from '@esteira/orders/source';
import { openPostgres } from '@esteira/postgres';

/** Puts orders into the source that succeed, and has it all written to disc: that is not what is measured. */
export async function fillSource(settings: Settings, orders: number): Promise<void> {
  const url = settings.systems[0]?.databaseUrl ?? '';
  const source = openPostgres({ url, applicationName: 'bench', max: 1, queryTimeoutMs: 0 });
  try {
    await insertMadeUpOrders(source, { positive: orders, negative: 0 }, new AbortController().signal);
    await source.query('VACUUM (ANALYZE) orders');
    await source.query('CHECKPOINT');
  } finally {
    await source.close();
  }
}
