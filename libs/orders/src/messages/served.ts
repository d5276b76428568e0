import { soughtWords } from '@esteira/dead-letters';
import { UnservedSearch } from './page.ts';

interface Asked {
  readonly messageId?: string;
  readonly system?: string;
  readonly sourceId?: string;
  readonly words?: string;
}

/**
 * Refuses what no index serves, and what could not be answered in full: a part of a search that is left aside would give
 * an answer to another question. Pure.
 *
 * @throws UnservedSearch
 */
export function refuseUnserved({ messageId, system, sourceId, words }: Asked): void {
  if (words !== undefined && (messageId !== undefined || sourceId !== undefined)) {
    throw new UnservedSearch(
      'Words are not searched together with an id: the id alone says which message is meant. Leave one of them out.',
      'words',
    );
  }
  if (messageId !== undefined && (system !== undefined || sourceId !== undefined)) {
    throw new UnservedSearch(
      'A message id alone says which message is meant: leave out the system and the source id.',
      'message_id',
    );
  }
  if (words !== undefined && soughtWords(words) === null) {
    throw new UnservedSearch(`There is no word in "${words}": words are made of letters and digits.`, 'words');
  }
  if ([messageId, sourceId, words].every((one) => one === undefined) && system !== undefined) {
    throw new UnservedSearch('A system alone is not searched for: give the id of its row, or words, too.');
  }
}
