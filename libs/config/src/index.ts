export * from './document.ts';
export * from './schema.ts';
export * from './settings.ts';
