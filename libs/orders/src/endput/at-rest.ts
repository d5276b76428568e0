import { atRestView } from '@esteira/dead-letters';
import { ordersPipeline } from '../domain/index.ts';

/**
 * What is stored, as the library of dead letters sees it. The lock is the one of releases that had one for the whole
 * database: while one of their consumers runs beside a new one, each still sees what the other has committed.
 */
export const ordersAtRest = atRestView(ordersPipeline.name, 0x65737465n);
