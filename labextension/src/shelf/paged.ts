import { type ISignal, Signal } from '@lumino/signaling';

import { isAborted, type IShownProblem, problemOf } from '../api';

/** A part of a long list, and how long that is. */
export interface IPageOf<T> {
  total: number;
  items: T[];
}

export type LoadPage<T> = (
  offset: number,
  limit: number,
  signal: AbortSignal
) => Promise<IPageOf<T>>;

/** The pages around what is looked at stay; of a list that somebody scrolls through, the rest is asked for again. */
const PAGES_KEPT = 40;

/**
 * A list that is loaded a page at a time, as far as it is looked at.
 *
 * `refresh` asks again for every page when it is next looked at, and what was there is shown until then.
 */
export class PagedList<T> {
  constructor(
    private readonly _load: LoadPage<T>,
    private readonly _size = 100
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Null before the first page came. */
  get total(): number | null {
    return this._total;
  }

  /** Whether it has anything to say: rows, or why there are none. */
  get answered(): boolean {
    return this._total !== null || this._problems.size > 0;
  }

  at(index: number): T | undefined {
    return this._pages.get(this._page(index))?.[index % this._size];
  }

  /** Why the page that begins at `index` is not there. */
  problemAt(index: number): IShownProblem | undefined {
    return index % this._size === 0
      ? this._problems.get(this._page(index))
      : undefined;
  }

  /** Load the pages of these indices that are not there and did not fail. */
  look(from: number, to: number): void {
    for (let page = this._page(from); page <= this._page(to); page++) {
      if (!this._fresh.has(page) && !this._problems.has(page)) {
        this._fetch(page);
      }
    }
  }

  /** Ask again for what failed. */
  retry(): void {
    this._problems.clear();
    this._changed.emit();
  }

  refresh(): void {
    this._abort();
    this._fresh.clear();
    this._problems.clear();
    this._changed.emit();
  }

  dispose(): void {
    this._abort();
    Signal.clearData(this);
  }

  private _page(index: number): number {
    return Math.floor(index / this._size);
  }

  private _fetch(page: number): void {
    if (this._loading.has(page)) {
      return;
    }
    const controller = new AbortController();
    this._loading.set(page, controller);
    this._load(page * this._size, this._size, controller.signal).then(
      answer => {
        if (this._loading.get(page) === controller) {
          this._loading.delete(page);
          this._take(page, answer);
        }
      },
      (error: unknown) => {
        if (this._loading.get(page) === controller) {
          this._loading.delete(page);
          this._fail(page, error);
        }
      }
    );
  }

  private _take(page: number, answer: IPageOf<T>): void {
    if (this._total !== null && this._total !== answer.total) {
      // Something was added or taken away: what other pages have may have moved.
      this._fresh.clear();
    }
    this._total = answer.total;
    this._pages.delete(page);
    this._pages.set(page, answer.items);
    this._fresh.add(page);
    for (const oldest of this._pages.keys()) {
      if (this._pages.size <= PAGES_KEPT) {
        break;
      }
      this._pages.delete(oldest);
      this._fresh.delete(oldest);
    }
    this._changed.emit();
  }

  private _fail(page: number, error: unknown): void {
    if (isAborted(error)) {
      return;
    }
    this._problems.set(page, problemOf(error));
    this._changed.emit();
  }

  private _abort(): void {
    for (const controller of this._loading.values()) {
      controller.abort();
    }
    this._loading.clear();
  }

  private _total: number | null = null;
  private _pages = new Map<number, T[]>();
  private _fresh = new Set<number>();
  private _problems = new Map<number, IShownProblem>();
  private _loading = new Map<number, AbortController>();
  private _changed = new Signal<this, void>(this);
}
