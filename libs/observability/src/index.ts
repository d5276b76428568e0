export * from './logger.ts';
export * from './metrics.ts';
export * from './redacted.ts';
export * from './readable.ts';
export * from './outage.ts';
