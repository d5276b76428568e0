import { ordersPipeline } from '@esteira/orders/domain';
import { tasksPipeline } from '@esteira/tasks/messages';
import type { Registration } from './open.ts';
import { orders } from './orders/open.ts';
import { tasks } from './tasks/open.ts';

/** Each pipeline by its name. */
const ALL: Readonly<Record<string, Registration>> = {
  [ordersPipeline.name]: orders,
  [tasksPipeline.name]: tasks,
};

/** Those of these names, in their order: the first is shown first. */
export const pipelinesNamed = (names: readonly string[]): readonly Registration[] =>
  names.flatMap((name) => ALL[name] ?? []);
