export * from './message.ts';
export * from './pipeline.ts';
export * from './task-id.ts';
