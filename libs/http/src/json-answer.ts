/** An answer that the asked app does not give: the page of a proxy in front of it, for example. */
export class ForeignAnswer extends Error {
  readonly status: number;

  constructor(who: string, { status, headers, url }: Response) {
    const type = headers.get('content-type') ?? 'no content type';
    super(`${who} answered ${status} with ${type}, which is not its JSON. Look at what answers at ${url}.`);
    this.name = 'ForeignAnswer';
    this.status = status;
  }
}

/** The JSON object of an answer. @throws ForeignAnswer where it is none. */
export async function jsonAnswer<T extends object>(response: Response, who: string): Promise<T> {
  const text = await response.text();
  const value = parsed(text);
  if (typeof value === 'object' && value !== null) return value as T;
  throw new ForeignAnswer(who, response);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
