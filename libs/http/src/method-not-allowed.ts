/** Which methods the paths of an app take. Fastify answers 404 to a known path with another method. */
export interface KnownPaths {
  add(url: string, methods: readonly string[]): void;
  /** The methods of the routes that match a path, sorted; none where there is no such path. */
  methodsOf(path: string): string[];
}

/** Remembers routes as they are added. */
export function knownPaths(): KnownPaths {
  const routes: { parts: readonly string[]; methods: readonly string[] }[] = [];
  return {
    add: (url, methods) => void routes.push({ parts: url.split('/'), methods }),
    methodsOf: (path) => {
      const given = path.split('/');
      const matching = routes.filter(({ parts }) => matches(parts, given));
      return [...new Set(matching.flatMap(({ methods }) => methods))].sort();
    },
  };
}

/** A parameter of a route is a whole segment here; `*` stands for the rest of a path. */
function matches(parts: readonly string[], given: readonly string[]): boolean {
  const rest = parts.at(-1) === '*';
  if (rest ? given.length < parts.length : given.length !== parts.length) return false;
  return parts.every((part, i) => part === '*' || part === given[i] || (part.startsWith(':') && given[i] !== ''));
}
