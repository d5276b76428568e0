export * from './identity.ts';
export * from './migrations.ts';
export * from './page.ts';
export * from './reconcile.ts';
export * from './rows-behind.ts';
export * from './watermark.ts';
