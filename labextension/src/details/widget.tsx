/** The tab with the details of a project or a version. */

import { ReactWidget } from '@jupyterlab/apputils';
import * as React from 'react';

import { DetailsContext, type IDetailsContext } from './context';
import { Details } from './Details';
import type { ISubject } from './types';

/** The content of one tab. */
export class DetailsWidget extends ReactWidget {
  constructor(
    readonly subject: ISubject,
    private readonly _context: IDetailsContext
  ) {
    super();
    this.addClass('cloudshelf-Details');
    this.node.tabIndex = -1;
  }

  /** Ask the shelf again; what is shown stays until it has answered. */
  refresh(): void {
    this._revision += 1;
    this.update();
  }

  protected override render(): React.JSX.Element {
    return (
      <DetailsContext.Provider value={this._context}>
        <Details subject={this.subject} revision={this._revision} />
      </DetailsContext.Provider>
    );
  }

  private _revision = 0;
}

/** One tab a subject: asking again brings it to the front. */
export function tabId(subject: ISubject): string {
  const { shelf, project, version } = subject;
  return `cloudshelf-details:${[shelf, project, version ?? ''].map(encodeURIComponent).join(':')}`;
}
