import { count } from '../format/number.ts';

/** How a redrive is done. */
export interface RedriveOptions {
  readonly ratePerSecond: number;
  /** 0 to 100: where more of what was sent has failed again, the job stops itself. */
  readonly stopAtFailedPercent: number;
  /** Undefined: as many as each message had. */
  readonly maxAttempts: number | undefined;
}

/** What stands in the fields: a number, or the text that is none yet. */
export type TypedOptions = Readonly<Record<keyof RedriveOptions, number | string>>;
type Wrong = Readonly<Partial<Record<keyof RedriveOptions, string>>>;

/** What stands in the fields at first. */
export const DEFAULTS: TypedOptions = { ratePerSecond: 500, stopAtFailedPercent: 20, maxAttempts: '' };

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly allowDecimal: boolean;
}

/** What the API takes. */
export const BOUNDS: Readonly<Record<keyof RedriveOptions, Bounds>> = {
  ratePerSecond: { min: 1, max: 100_000, allowDecimal: false },
  stopAtFailedPercent: { min: 0, max: 100, allowDecimal: true },
  maxAttempts: { min: 1, max: 100, allowDecimal: false },
};

/** Reads the fields: the options, undefined as long as one of them can't be, and what is wrong with which. Pure. */
export function readOptions(typed: TypedOptions): {
  readonly options: RedriveOptions | undefined;
  readonly wrong: Wrong;
} {
  const ratePerSecond = within(typed.ratePerSecond, BOUNDS.ratePerSecond);
  const stopAtFailedPercent = within(typed.stopAtFailedPercent, BOUNDS.stopAtFailedPercent);
  const maxAttempts = typed.maxAttempts === '' ? undefined : within(typed.maxAttempts, BOUNDS.maxAttempts);
  const wrong = {
    ...(typeof ratePerSecond === 'string' ? { ratePerSecond } : {}),
    ...(typeof stopAtFailedPercent === 'string' ? { stopAtFailedPercent } : {}),
    ...(typeof maxAttempts === 'string' ? { maxAttempts } : {}),
  };
  const isRead =
    typeof ratePerSecond === 'number' && typeof stopAtFailedPercent === 'number' && typeof maxAttempts !== 'string';
  return { options: isRead ? { ratePerSecond, stopAtFailedPercent, maxAttempts } : undefined, wrong };
}

/** Whether a redrive may stop itself: some go first then. A share that can't be counts as one that may. Pure. */
export const mayStopItself = ({ stopAtFailedPercent }: TypedOptions): boolean => Number(stopAtFailedPercent) !== 100;

/** The number, or what it must be. */
function within(typed: number | string, { min, max, allowDecimal }: Bounds): number | string {
  const value = typed === '' ? NaN : Number(typed);
  if (value >= min && value <= max && (allowDecimal || Number.isInteger(value))) return value;
  return `${allowDecimal ? 'A number' : 'A whole number'} from ${count(min)} to ${count(max)}.`;
}
