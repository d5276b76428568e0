export * from './definition.ts';
export * from './effect.ts';
export type { LaneMode, LaneOptions } from './lane.ts';
export * from './servers.ts';
export type { ConsumerSettings } from './settings.ts';
export * from './start.ts';
export * from './subject.ts';
