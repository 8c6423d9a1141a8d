import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { type ISignal, Signal } from '@lumino/signaling';

import { NotebookLink } from './link';

/** The notebook in front. Links to notebooks that were in front stay open, so that going back and forth costs nothing. */
export class CurrentNotebook {
  constructor(tracker: INotebookTracker) {
    tracker.currentChanged.connect((_, panel) => this._follow(panel));
    this._follow(tracker.currentWidget);
  }

  /** Null while no notebook is open. */
  get link(): NotebookLink | null {
    return this._link;
  }

  /** Another notebook is in front, or something about the one in front changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  private _follow(panel: NotebookPanel | null): void {
    this._link?.changed.disconnect(this._emit, this);
    this._link = panel ? this._linkOf(panel) : null;
    this._link?.changed.connect(this._emit, this);
    this._emit();
  }

  private _linkOf(panel: NotebookPanel): NotebookLink {
    const known = this._links.get(panel);
    if (known) {
      return known;
    }
    const link = new NotebookLink(panel);
    this._links.set(panel, link);
    panel.disposed.connect(() => {
      this._links.delete(panel);
      link.dispose();
    });
    return link;
  }

  private _emit(): void {
    this._changed.emit();
  }

  private _link: NotebookLink | null = null;
  private _links = new Map<NotebookPanel, NotebookLink>();
  private _changed = new Signal<this, void>(this);
}
