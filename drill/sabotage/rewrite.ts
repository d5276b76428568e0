// Loaded before an app (node --import): replaces texts of modules while they are loaded. SABOTAGE holds the rewrites.
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Rewrite } from './sabotages.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const rewrites = JSON.parse(process.env['SABOTAGE'] ?? '[]') as Rewrite[];
const byUrl = Map.groupBy(rewrites, ({ file }) => pathToFileURL(join(ROOT, file)).href);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const here = byUrl.get(url);
    if (here === undefined) return loaded;
    const given = loaded.source;
    let source = typeof given === 'string' ? given : Buffer.from(given as Uint8Array).toString('utf8');
    for (const { file, find, replace } of here) {
      if (source.split(find).length !== 2) throw new Error(`${file} does not hold once: ${find}`);
      source = source.replace(find, () => replace);
    }
    return { ...loaded, source };
  },
});
