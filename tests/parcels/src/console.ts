import { openPipeline, type Registration } from '@esteira/console-server';
import { parcelBooks, type HandedOver } from './books.ts';
import { redrivableParcels } from './definition.ts';
import { policy } from './pipeline.ts';
import { parcelEffect } from './store.ts';

/** Parcels in the console: what all pipelines share, in words of their own. */
export const parcels = (handedOver: () => readonly HandedOver[]): Registration => ({
  migrations: [parcelEffect.migrations],
  open: (options) =>
    openPipeline(options, {
      redrivable: redrivableParcels,
      title: 'Parcels',
      words: { message: 'parcel', origin: 'Depot', key: 'Number' },
      policy,
      books: parcelBooks(options.connections, handedOver),
    }),
});
