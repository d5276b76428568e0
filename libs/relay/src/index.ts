export type { ActivityView } from './activity.ts';
export type { CursorStatus, CursorView, RunError } from './cursor.ts';
export { positionOf } from './cursor.ts';
export type { Page, PageSource, Position, SourceIdentity, SourceState } from './page-source.ts';
export { RedisFault } from './redis.ts';
export { createRelay } from './relay.ts';
export type { Relay, RelayOptions, RunRefusal, RunRequest } from './relay.ts';
