import classes from './Sparkline.module.css';

interface SparklineProps {
  readonly values: readonly number[];
  /** What it shows, for those who don't see it. */
  readonly label: string;
}

const WIDTH = 120;
const HEIGHT = 28;

/** A line without axes. */
export function Sparkline({ values, label }: SparklineProps) {
  const top = Math.max(...values, 1);
  const step = values.length > 1 ? WIDTH / (values.length - 1) : WIDTH;
  const points = values.map((value, index) => `${index * step},${HEIGHT - 1 - (value / top) * (HEIGHT - 2)}`);
  return (
    <svg
      className={classes.line}
      role="img"
      aria-label={label}
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
    >
      <polyline points={points.join(' ')} />
    </svg>
  );
}
