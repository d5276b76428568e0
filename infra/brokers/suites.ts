/** A Debian release, and the RabbitMQ it packages. */
export interface Suite {
  readonly name: string;
  /** In words, for the report. */
  readonly expects: string;
  /** Whether a broker's version is the one this release is here for. */
  readonly isExpected: (version: string) => boolean;
}

/** One release for each line of RabbitMQ that a user may have, the oldest first. */
export const suites: readonly Suite[] = [
  { name: 'bookworm', expects: '3.10', isExpected: (version) => version.startsWith('3.10.') },
  { name: 'trixie', expects: '4.0', isExpected: (version) => version.startsWith('4.0.') },
  { name: 'forky', expects: '4.3 or later', isExpected: (version) => isAtLeast(version, 4, 3) },
];

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [its = 0, itsMinor = 0] = version.split('.').map(Number);
  return its > major || (its === major && itsMinor >= minor);
}

/** The suite of a name. @throws when there is none. */
export function suiteOf(name: string): Suite {
  const suite = suites.find((known) => known.name === name);
  if (suite === undefined) {
    throw new Error(`There is no suite ${name}; there are ${suites.map((known) => known.name).join(', ')}.`);
  }
  return suite;
}
