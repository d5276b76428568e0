import { createHash } from 'node:crypto';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isRoot, type User } from './users.ts';

/** The directory of one running copy's native servers: a directory for each program, `logs`, and the supervisor. */
export interface Home {
  readonly path: string;
  /** A directory of this home that belongs to `user` alone, made if missing. */
  directory(name: string, user: User | undefined): string;
  /** A file of this home, written so that only `user` can read it. */
  file(name: string, text: string, user: User | undefined): string;
  /** Removes something of this home. */
  remove(path: string): void;
}

/** The environment variable every process of a home carries: its leftovers are found by it. */
export const HOME_MARK = 'ESTEIRA_HOME';

/**
 * Opens the home that is meant to be at `wanted`. Servers run as users who may not be able to reach a checkout (one
 * below /root), sockets need short paths, and not every server takes a space in a path: then the home is made below
 * /var/lib/esteira (root) or the user's state directory, and `wanted` becomes a link to it.
 */
export function openHome(wanted: string): Home {
  const path = openDirectory(wanted);
  mkdirSync(join(path, 'logs'), { recursive: true });
  return {
    path,
    directory(name, user) {
      const directory = join(path, name);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      own(directory, user);
      return directory;
    },
    file(name, text, user) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      // A file anew: one that was there would keep its mode, and whoever has it open.
      rmSync(file, { force: true });
      writeFileSync(file, text, { mode: 0o600 });
      own(file, user);
      return file;
    },
    remove(file) {
      if (file.startsWith(`${path}/`)) rmSync(file, { recursive: true, force: true });
    },
  };
}

/** Where the home is, without making one. */
export function findHome(wanted: string): string | undefined {
  const path = linkTarget(wanted) ?? wanted;
  return existsSync(path) ? path : undefined;
}

/** Removes a home and the link to it. */
export function removeHome(wanted: string): void {
  const target = linkTarget(wanted);
  if (target !== undefined) {
    rmSync(target, { recursive: true, force: true });
    removeIfEmpty(dirname(target));
    unlinkSync(wanted);
  }
  rmSync(wanted, { recursive: true, force: true });
}

export function removeIfEmpty(directory: string): void {
  if (existsSync(directory) && readdirSync(directory).length === 0) rmdirSync(directory);
}

/** Whether every user can reach what is in this directory. */
export function isReachable(path: string): boolean {
  for (let directory = path; ; directory = dirname(directory)) {
    if (existsSync(directory) && (statSync(directory).mode & 0o001) === 0) return false;
    if (dirname(directory) === directory) return true;
  }
}

/** Makes the directory that is meant to be at `wanted` where servers can reach it; see {@link openHome}. */
export function openDirectory(wanted: string): string {
  const linked = linkTarget(wanted);
  if (linked === undefined && suits(wanted)) {
    mkdirSync(wanted, { recursive: true });
    return wanted;
  }
  const path = linked ?? join(outsideBase(), createHash('sha256').update(wanted).digest('hex').slice(0, 12));
  mkdirSync(path, { recursive: true, mode: 0o755 });
  if (linked === undefined) {
    mkdirSync(dirname(wanted), { recursive: true });
    symlinkSync(path, wanted);
  }
  return path;
}

/** 80 bytes leave room for a socket's name: a socket's path has at most 107. */
const suits = (path: string): boolean =>
  /^[\w./-]+$/.test(path) && path.length <= 80 && (!isRoot() || isReachable(existsSync(path) ? path : dirname(path)));

function outsideBase(): string {
  if (isRoot()) return '/var/lib/esteira';
  const state = join(process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'esteira');
  return suits(state) ? state : `/var/tmp/esteira-${process.getuid?.() ?? 0}`;
}

function linkTarget(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : undefined;
}

function own(path: string, user: User | undefined): void {
  if (user !== undefined) chownSync(path, user.uid, user.gid);
}
