export * from './catalogue.ts';
export { chooseRuntime } from './choose-runtime.ts';
export { Obstacle } from './obstacle.ts';
export { REPOSITORY } from './paths.ts';
export { openKeptServers, startPrivateServers, type PrivateServers } from './private-servers.ts';
export type { LogOptions } from './log-lines.ts';
export * from './runtime.ts';
export { resolveSettings } from './settings.ts';
export { keptTestServers, startTestServers, type TestServers } from './test-servers.ts';
