/*
 * Keys are texts. The index `dead_letters_by_key` has them, behind pipeline and origin, by their length and then by their
 * characters: keys that are whole numbers stand there in the order of these, and one key is found at once, or many.
 */

/** The order of that index, as SQL. */
export const ORDER_OF_KEYS = 'length(key), key';

/** Whether a key is the text that a parameter holds, as SQL. */
export const isKey = (parameter: string) => `(length(key), key) = (length(${parameter}::text), ${parameter}::text)`;

/** Whether a key is one of the texts that a parameter holds, as SQL. */
export const isOneOfKeys = (parameter: string) =>
  `(length(key), key) IN (SELECT length(asked), asked FROM unnest(${parameter}::text[]) AS asked)`;
