import { setTimeout as sleep } from 'node:timers/promises';
import { verify as flip } from '../src/coin.ts';

/** One order in so many takes its time: the batch it is in is overtaken by others. */
const SLOW_EVERY = 200;
const SLOW_MS = 1_500;

/** A coin that now and then takes long to fall. */
export async function verify(message: { order: { id: string } }): Promise<ReturnType<typeof flip>> {
  if (Number(message.order.id) % SLOW_EVERY === 0) await sleep(SLOW_MS);
  return flip();
}
