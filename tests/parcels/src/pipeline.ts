import type { LaneOptions } from '@esteira/consumer';
import type { Pipeline, RetryPolicy } from '@esteira/pipeline';

/** Parcels are weighed: most of them in bulk, and those in a hurry each by itself. */
export const parcelsPipeline: Pipeline = {
  name: 'parcels',
  types: [{ name: 'parcel.sent', schemaVersion: 1 }],
  lanes: ['bulk', 'express'],
  limits: { express: { maxAttempts: 2 } },
};

/** How often a parcel is weighed, and when again, where its lane says nothing else. */
export const policy: RetryPolicy = { maxAttempts: 3, delaysMs: [200], timeoutMs: 60_000 };

/** A lane that is not named here is handled in batches. */
export const lanes: Readonly<Record<string, LaneOptions>> = {
  express: { mode: 'each', concurrency: 4, policy: { delaysMs: [50], timeoutMs: 600_000 } },
};
