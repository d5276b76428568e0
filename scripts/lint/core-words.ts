import type { Rule } from 'eslint';

/** What no word of the core may begin with, or be: words of one pipeline. */
const BEGINNINGS = ['verif'];
const WORDS = ['order', 'product', 'price', 'schedule', 'sensor', 'task', 'parcel'];

/** The same words where they are SQL, English, or the field's term for something of the core. */
const OF_THE_CORE =
  /\border by\b|\bin (?:(?:the|their|that|this|whatever) )?order\b|\border of\b|\bretry schedules?\b/g;

/** The words of a text that belong to one pipeline: of an identifier, a path or a sentence. Pure. */
export function foreignWords(text: string): string[] {
  const words = text
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, ' ')
    .replaceAll(/[^A-Za-z]+/g, ' ')
    .toLowerCase()
    .replaceAll(OF_THE_CORE, ' ')
    .split(' ');
  return words.filter(
    (word) =>
      BEGINNINGS.some((beginning) => word.startsWith(beginning)) ||
      WORDS.some((one) => word === one || word === `${one}s`),
  );
}

/** Names, texts and keys of the core name no pipeline. Comments are free: they may tell of one as an example. */
export const coreWords: Rule.RuleModule = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      foreign:
        '`{{word}}` is a word of one pipeline, and this is the core. Name it for what it is in any of them, or move it ' +
        'to the library of that pipeline; what only that pipeline knows comes in through its definition (@esteira/consumer).',
    },
  },
  create: (context) => ({
    Program: () => {
      for (const { value, loc } of context.sourceCode.ast.tokens) {
        for (const word of foreignWords(value)) context.report({ loc, messageId: 'foreign', data: { word } });
      }
    },
  }),
};
