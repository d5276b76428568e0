export * from './heartbeat.ts';
export * from './migrations.ts';
export * from './processes.ts';
