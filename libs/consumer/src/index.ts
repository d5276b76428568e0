export * from './definition.ts';
export * from './effect.ts';
export * from './servers.ts';
export * from './start.ts';
export * from './subject.ts';
