export * from './logger.ts';
export * from './metrics.ts';
export * from './outage.ts';
export * from './readable.ts';
export * from './redacted.ts';
export * from './tallied-histogram.ts';
