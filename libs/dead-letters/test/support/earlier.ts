import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '@esteira/postgres';
import { deadLetterMigrations } from '../../src/index.ts';

/** Makes the tables as an earlier release did, whose last migration this file was. */
export async function migrateUpTo(last: string, url: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'esteira-migrations-'));
  const files = (await readdir(deadLetterMigrations.directory)).filter((file) => file <= last);
  for (const file of files) await copyFile(join(deadLetterMigrations.directory, file), join(directory, file));
  await migrate(url, { ...deadLetterMigrations, directory });
  await rm(directory, { recursive: true });
}
