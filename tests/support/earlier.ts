import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate, type Migrations } from '@esteira/postgres';

/** Makes tables as an earlier release did, whose last migration this file was. */
export async function migrateUpTo(last: string, url: string, migrations: Migrations): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'esteira-migrations-'));
  const files = (await readdir(migrations.directory)).filter((file) => file <= last);
  for (const file of files) await copyFile(join(migrations.directory, file), join(directory, file));
  await migrate(url, { ...migrations, directory });
  await rm(directory, { recursive: true });
}
