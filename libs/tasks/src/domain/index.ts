export * from './instant.ts';
export * from './read-recurrence.ts';
export * from './recurrence.ts';
export * from './schedule.ts';
export * from './slots.ts';
