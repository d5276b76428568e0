import type { OwnRoutes } from '../pipeline.ts';
import { addArchivings } from './archivings.ts';
import { addMessages } from './messages.ts';
import type { OrdersParts } from './parts.ts';
import { addReconciliations } from './reconciliations.ts';
import { addSystems } from './systems.ts';

/** What orders have beside what all pipelines share. */
export const ordersRoutes = (parts: OrdersParts): OwnRoutes => ({
  parts: ['systems', 'messages', 'reconciliation'],
  tags: [
    { name: 'systems', description: 'Publishing: what is asked of the API of a system.' },
    { name: 'messages', description: 'Where a message is, and what happened to it.' },
    { name: 'reconciliation', description: 'Whether it adds up, row by row.' },
  ],
  add: (app) => {
    addSystems(app, parts);
    addMessages(app, parts);
    addReconciliations(app, parts);
    addArchivings(app, parts);
  },
});
