export * from './attempts.ts';
export * from './days.ts';
export * from './effect.ts';
export * from './fire.ts';
export * from './handovers.ts';
export * from './schedulers.ts';
export * from './schedules.ts';
