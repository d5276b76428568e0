/** Why a record is refused. */
export interface Refusal {
  /** The rule that it breaks, the same for all records that break it; `…` stands where a reason shows the value. */
  readonly rule: string;
  /** The same with the value, for one record. */
  readonly reason: string;
}

/** A refusal by a rule; the value is shown where the rule has a `…`. */
export function refusal(rule: string, value?: unknown): Refusal {
  return { rule, reason: rule.replace('…', () => shown(value)) };
}

/** A value as a reason may show it: short, and without characters that a text column can't hold. */
function shown(value: unknown): string {
  const text = value === undefined ? 'that is missing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57).toWellFormed()}…` : text;
}
