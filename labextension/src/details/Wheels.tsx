import * as React from 'react';

import { useDetails } from './context';
import { formatBytes } from '../panel/format';
import type { IWheel } from './types';

/** The files that were published of a version, one for each kind of machine. */
export function Wheels(props: {
  wheels: readonly IWheel[];
}): React.JSX.Element {
  const { trans } = useDetails();
  return (
    <section data-section="wheels">
      <h2>{trans.__('Wheels')}</h2>
      <table className="cloudshelf-Table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Wheel')}</th>
            <th scope="col">{trans.__('Python')}</th>
            <th scope="col">{trans.__('Files')}</th>
            <th scope="col">{trans.__('Installed')}</th>
            <th scope="col">{trans.__('First import')}</th>
            <th scope="col">{trans.__('From')}</th>
          </tr>
        </thead>
        <tbody>
          {props.wheels.map(wheel => (
            <tr key={wheel.filename}>
              <th scope="row">{wheel.filename}</th>
              <td>{wheel.requires_python || '–'}</td>
              <td>{wheel.files.toLocaleString()}</td>
              <td>{formatBytes(wheel.installed)}</td>
              <td>
                {trans.__(
                  '%1 of %2',
                  formatBytes(wheel.eager),
                  formatBytes(wheel.packed)
                )}
              </td>
              <td>{wheel.origin || '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
