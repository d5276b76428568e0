import type { TSchema } from 'typebox';
import { DEFAULT_SYSTEMS, settingsSchema, systemSettings } from './schema.ts';

/** What people read about one setting. */
export interface SettingDocument {
  readonly name: string;
  readonly default: string;
  readonly description: string;
}

/** Every setting with its default and description, those of the two default systems included. */
export function settingDocuments(): SettingDocument[] {
  const systems = DEFAULT_SYSTEMS.split(',');
  const all: Record<string, TSchema> = { ...settingsSchema.properties };
  systems.forEach((name, i) => Object.assign(all, systemSettings(i + 1, name)));
  return Object.entries(all).map(([name, schema]) => {
    const { default: value, description } = schema as { default?: unknown; description?: string };
    return { name, default: String(value), description: description ?? '' };
  });
}

/** `.env.example`: each setting with its default and what it does. */
export function envExample(): string {
  const lines = settingDocuments().map((s) => `# ${s.description}\n${s.name}=${s.default}\n`);
  return [
    `# Made from libs/config (make docs). Copied to .env at the first start; the command line wins.\n`,
    ...lines,
  ].join('\n');
}

/** A table of settings for a document: of all, or of those with these names, in their order. */
export function settingsTable(names?: readonly string[]): string {
  const all = settingDocuments();
  const chosen = names?.map((name) => {
    const found = all.find((one) => one.name === name);
    if (found === undefined) throw new Error(`There is no setting ${name} to write a row about.`);
    return found;
  });
  const rows = (chosen ?? all).map((s) => `| \`${s.name}\` | ${cell(s.default)} | ${s.description} |`);
  return ['| setting | default | what it does |', '| --- | --- | --- |', ...rows].join('\n');
}

const cell = (value: string): string => (value === '' ? '' : `\`${value}\``);
