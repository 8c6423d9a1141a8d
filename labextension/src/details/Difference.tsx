import * as React from 'react';

import type { ISizedFile, IVersionDiff } from '../api';
import { useDetails } from './context';
import { formatBytes } from '../panel/format';
import { formatFact } from './format';

/** What differs between two versions: facts side by side, requirements, files. */
export function Difference(props: { diff: IVersionDiff }): React.JSX.Element {
  const { trans } = useDetails();
  const { from, to, facts, requires, files } = props.diff;
  const rows = [
    ...requires.removed.map(text => ({ text, from: true, to: false })),
    ...requires.added.map(text => ({ text, from: false, to: true }))
  ].sort((a, b) => a.text.localeCompare(b.text));
  return (
    <>
      <table className="cloudshelf-Table" data-section="facts">
        <thead>
          <tr>
            <th scope="col">{trans.__('What')}</th>
            <th scope="col">{from}</th>
            <th scope="col">{to}</th>
          </tr>
        </thead>
        <tbody>
          {facts.map(fact => (
            <tr key={fact.name}>
              <th scope="row">{fact.name}</th>
              <td>{factText(fact.name, fact.from)}</td>
              <td>{factText(fact.name, fact.to)}</td>
            </tr>
          ))}
          {rows.map(row => (
            <tr key={`${row.from} ${row.text}`}>
              <th scope="row">{trans.__('requires')}</th>
              <td>{row.from ? <del>{row.text}</del> : ''}</td>
              <td>{row.to ? <ins>{row.text}</ins> : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Files
        title={trans.__('Files added: %1', files.added.length)}
        rows={files.added.map(sized)}
      />
      <Files
        title={trans.__('Files removed: %1', files.removed.length)}
        rows={files.removed.map(sized)}
      />
      <Files
        title={trans.__('Files changed: %1', files.changed.length)}
        rows={files.changed.map(file => ({
          path: file.path,
          size: `${formatBytes(file.from)} → ${formatBytes(file.to)}`
        }))}
      />
      {files.truncated && (
        <p className="cloudshelf-Note">
          {trans.__('There are more files than are listed here.')}
        </p>
      )}
    </>
  );
}

interface IFileRow {
  readonly path: string;
  readonly size: string;
}

const SIZES = new Set(['size', 'installed', 'packed']);

function factText(name: string, value: unknown): string {
  return SIZES.has(name) && Number.isFinite(Number(value))
    ? formatBytes(Number(value))
    : formatFact(value);
}

function sized(file: ISizedFile): IFileRow {
  return { path: file.path, size: formatBytes(file.size) };
}

function Files(props: {
  title: string;
  rows: readonly IFileRow[];
}): React.JSX.Element {
  if (props.rows.length === 0) {
    return <p>{props.title}</p>;
  }
  return (
    <details className="cloudshelf-Files">
      <summary>{props.title}</summary>
      <ul className="cloudshelf-List">
        {props.rows.map(row => (
          <li key={row.path}>
            <code>{row.path}</code>{' '}
            <span className="cloudshelf-Note">{row.size}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
