import React from 'react';

/** How much of something is there; without a total, that something is going on. */
export function ProgressBar(props: {
  label: string;
  done: number;
  total: number;
}): React.JSX.Element {
  const { label, done, total } = props;
  const percent = total > 0 ? Math.min(100, (100 * done) / total) : 100;
  return (
    <div
      className="cloudshelf-Progress"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={total > 0 ? Math.round(percent) : undefined}
      data-running={total <= 0 || undefined}
    >
      <div style={{ width: `${percent}%` }} />
    </div>
  );
}
