import classes from './Sparkline.module.css';

interface SparklineProps {
  readonly values: readonly number[];
  /** What it shows, for those who don't see it. */
  readonly label: string;
  readonly width?: number;
  readonly height?: number;
}

/** A line without axes. */
export function Sparkline({ values, label, width = 120, height = 28 }: SparklineProps) {
  const top = Math.max(...values, 1);
  const step = values.length > 1 ? width / (values.length - 1) : width;
  const points = values.map((value, index) => `${index * step},${height - 1 - (value / top) * (height - 2)}`);
  return (
    <svg
      className={classes.line}
      role="img"
      aria-label={label}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
    >
      <polyline points={points.join(' ')} />
    </svg>
  );
}
