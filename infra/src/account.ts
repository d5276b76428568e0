/** Who signs in, and what a URL's path names: a database or a virtual host. Empty where the URL has none. */
export interface Account {
  readonly user: string;
  readonly password: string;
  readonly name: string;
}

/** Of a URL; empty for an address that is none (several hosts). */
export function accountOf(url: string): Account {
  if (!URL.canParse(url)) return { user: '', password: '', name: '' };
  const { username, password, pathname } = new URL(url);
  return {
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    name: decodeURIComponent(pathname.slice(1)),
  };
}
