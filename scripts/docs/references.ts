import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ROOT } from './generated.ts';

/** What the documents refer to and is not there, a line each: files, headings, tests. */
export function brokenReferences(): string[] {
  const documents = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...inFolder('docs')];
  return documents.flatMap((document) => {
    const text = readFileSync(join(ROOT, document), 'utf8');
    return [...brokenLinks(document, text), ...missingTests(text)].map((problem) => `${document}: ${problem}`);
  });
}

const inFolder = (folder: string): string[] =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);

/** Links to files of the repository, and to headings in them. */
function brokenLinks(document: string, text: string): string[] {
  const links = [...text.matchAll(/(?:\]\(|src(?:set)?=")([^)"\s]+)/g)].map(([, link = '']) => link);
  return links
    .filter((link) => !/^[a-z]+:/.test(link))
    .flatMap((link) => {
      const [path = '', heading] = link.split('#');
      const file = path === '' ? document : relative(ROOT, join(ROOT, dirname(document), path));
      if (!existsSync(join(ROOT, file))) return [`${link} is not there`];
      return heading === undefined || headingsOf(file).includes(heading) ? [] : [`${file} has no heading #${heading}`];
    });
}

function headingsOf(file: string): string[] {
  const headings = readFileSync(join(ROOT, file), 'utf8').matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** A test is named by its file, in backticks, and its words: `path/of/some.test.ts`: "its name", "another of the same file". */
function missingTests(text: string): string[] {
  const named = text.matchAll(/`((?:apps|drill|infra|libs|tests)\/[\w./-]+\.ts)`((?:[:,] "[^"]+")*)/g);
  return [...named].flatMap(([, file = '', names = '']) => {
    if (!existsSync(join(ROOT, file))) return [`there is no ${file}`];
    const source = readFileSync(join(ROOT, file), 'utf8');
    return [...names.matchAll(/"([^"]+)"/g)]
      .filter(([, name = '']) => !source.includes(name))
      .map(([, name = '']) => `${file} has no test "${name}"`);
  });
}
