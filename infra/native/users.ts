import { readFileSync } from 'node:fs';

/** Who a program runs as. Absent: whoever runs this command. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export const isRoot = (): boolean => process.getuid?.() === 0;

/**
 * Servers never run as root: where we are root, the first of these users that exists; otherwise ourselves (undefined).
 * The names are those of the distribution's packages; `nobody` is always there.
 */
export function unprivileged(...names: string[]): User | undefined {
  if (!isRoot()) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const wanted of [...names, 'nobody']) {
    const [name, , uid, gid] = users.find(([known]) => known === wanted) ?? [];
    if (name !== undefined && uid !== undefined && gid !== undefined) {
      return { name, uid: Number(uid), gid: Number(gid) };
    }
  }
  throw new Error(`None of the users ${[...names, 'nobody'].join(', ')} exists, and servers must not run as root.`);
}
