import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { ShelfTree } from './tree';

/** Why there are no rows, and what to do. */
export function emptyMessage(
  tree: ShelfTree,
  trans: TranslationBundle
): string {
  if (tree.shelves?.shelves.length === 0) {
    return trans.__(
      'No shelf is configured. Set CLOUDSHELF_URL, or c.CloudShelf.url in the server’s configuration, and start the server again.'
    );
  }
  return tree.filter
    ? trans.__('Nothing on the shelf matches “%1”.', tree.filter)
    : trans.__('The shelf is empty. A curator fills it: cloudshelf publish.');
}

/** Where rows will be. */
export function Skeleton(props: { label: string }): React.JSX.Element {
  return (
    <div
      className="cloudshelf-Skeletons"
      role="status"
      aria-label={props.label}
    >
      {[70, 45, 60, 85, 50, 65].map(width => (
        <span
          key={width}
          className="cloudshelf-Skeleton"
          style={{ width: `${width}%` }}
        />
      ))}
    </div>
  );
}
