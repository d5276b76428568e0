import type { SettingDocument } from './compose.ts';

/** `.env.example`: each setting with its default and what it does. */
export function envExample(documents: readonly SettingDocument[]): string {
  const lines = documents.map((s) => `# ${s.description}\n${s.name}=${s.default}\n`);
  return [
    `# Made of what the packages declare (make docs). Copied to .env at the first start; the command line wins.\n`,
    ...lines,
  ].join('\n');
}

/** A table of settings for a document: of all, or of those with these names, in their order. */
export function settingsTable(documents: readonly SettingDocument[], names?: readonly string[]): string {
  const chosen = names?.map((name) => {
    const found = documents.find((one) => one.name === name);
    if (found === undefined) throw new Error(`There is no setting ${name} to write a row about.`);
    return found;
  });
  const rows = (chosen ?? documents).map((s) => `| \`${s.name}\` | ${cell(s.default)} | ${s.description} |`);
  return ['| setting | default | what it does |', '| --- | --- | --- |', ...rows].join('\n');
}

const cell = (value: string): string => (value === '' ? '' : `\`${value}\``);
