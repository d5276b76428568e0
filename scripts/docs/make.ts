// `make docs`: writes what is made from the code. With --check nothing is written: exit code 1 when something differs.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedFiles, ROOT } from './generated.ts';
import { brokenReferences } from './references.ts';

const checks = process.argv.includes('--check');
const problems: string[] = [];

for (const [file, wanted] of generatedFiles()) {
  const path = join(ROOT, file);
  if (existsSync(path) && readFileSync(path, 'utf8') === wanted) continue;
  if (checks) problems.push(`${file} is not what the code makes: run make docs, and commit it.`);
  else writeFileSync(path, wanted);
}
problems.push(...brokenReferences());
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
