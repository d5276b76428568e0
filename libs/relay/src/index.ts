export type { ActivityView } from './activity.ts';
export type { Cursor, CursorStatus, CursorView, RunError, RunRequest } from './cursor.ts';
export { CURSOR_STATUSES, openCursor, positionOf } from './cursor.ts';
export type { Page, PageSource, Position, SourceIdentity, SourceState } from './page-source.ts';
export { UnpublishableRow } from './page-source.ts';
export { openRedis, RedisFault } from './redis.ts';
export type { RedisConnection } from './redis.ts';
export { createRelay } from './relay.ts';
export type { Relay, RelayOptions, RunRefusal } from './relay-port.ts';
