import type { Definition } from '@esteira/consumer';
import type { Redrivable } from '@esteira/dead-letters';
import { scales } from './handler.ts';
import { parcelCodec, readParcel, type Parcel } from './parcel.ts';
import { lanes, parcelsPipeline } from './pipeline.ts';
import { parcelEffect } from './store.ts';

/** What parcels bring to their consumers. */
export const parcelsDefinition = (handler = scales): Definition<Parcel> => ({
  pipeline: parcelsPipeline,
  codec: parcelCodec,
  handler,
  effect: parcelEffect,
  lanes,
  subject: { name: 'parcel', of: ({ number, grams }) => ({ number, grams }) },
});

/** How their dead letters are read and sent again. */
export const redrivableParcels: Redrivable = {
  pipeline: parcelsPipeline,
  atRest: parcelEffect.atRest,
  readBody: (body) => {
    const read = readParcel(body);
    return 'failure' in read ? { problem: read.failure } : read.identity;
  },
};
