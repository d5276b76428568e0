export * from './heartbeat.ts';
export * from './migrations.ts';
export * from './postgres.ts';
export * from './processes.ts';
export * from './redis.ts';
export type { ProcessRegister, Registered } from './register.ts';
