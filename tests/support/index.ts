export * from './administration.ts';
export * from './apps.ts';
export * from './books.ts';
export * from './guarded-mongod.ts';
export * from './own-postgres.ts';
export * from './pgbouncer.ts';
export * from './ports.ts';
export * from './servers.ts';
