import { type IThemeManager, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { NotebookLink } from '../notebook/link';
import { Waterfall } from './Waterfall';

/** The tab with the picture. It goes with its notebook, and changes its colours with the theme. */
export class WaterfallWidget extends ReactWidget {
  constructor(
    private readonly _link: NotebookLink,
    private readonly _themes: IThemeManager | null,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('cloudshelf-Waterfall');
    this._themes?.themeChanged.connect(this._repaint, this);
    this._link.panel.disposed.connect(this._close, this);
  }

  protected override render(): React.JSX.Element {
    return (
      <Waterfall
        link={this._link}
        theme={this._themes?.theme ?? null}
        trans={this._trans}
      />
    );
  }

  private _repaint(): void {
    this.update();
  }

  private _close(): void {
    this.parent?.dispose();
  }
}
