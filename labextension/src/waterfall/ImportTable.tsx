import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IImport } from './types';

/** Rows that are shown; a large package imports thousands of modules. */
const MOST = 200;
const DEEPEST = 8;

/** The waterfall as a table: what an import took, below what imported it. */
export function ImportTable(props: {
  rows: readonly IImport[];
  trans: TranslationBundle;
}): React.JSX.Element {
  const { rows, trans } = props;
  return (
    <>
      <table className="cloudshelf-Table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Module')}</th>
            <th scope="col">{trans.__('Seconds')}</th>
            <th scope="col">{trans.__('Waited')}</th>
            <th scope="col">{trans.__('Files waited for')}</th>
            <th scope="col">{trans.__('From')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST).map((row, index) => (
            <tr key={index} data-module={row.module}>
              <th
                scope="row"
                style={{ textIndent: `${Math.min(row.depth, DEEPEST)}em` }}
              >
                {row.module}
              </th>
              <td>{row.seconds.toFixed(3)}</td>
              <td>{row.waited.toFixed(3)}</td>
              <td>{row.files}</td>
              <td>{row.source}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST && (
        <p className="cloudshelf-Note">
          {trans.__('%1 more are left out.', rows.length - MOST)}
        </p>
      )}
    </>
  );
}
