import type { JobRunnerOptions } from '@esteira/dead-letters';
import { repairJobs, type RepairPlaces } from '@esteira/repair';
import { redrivableOrders } from './redrivable.ts';

/** What it takes to run redrives and discards of orders. @param systems those that are known */
export function orderJobs({
  systems,
  ...places
}: RepairPlaces & { readonly systems: readonly string[] }): JobRunnerOptions {
  return repairJobs(redrivableOrders(systems), places);
}
