/** What `profile` answers (docs/panel-channel.md; rows are those of cloudshelf/render/waterfall.py). */

/** One imported module, below what imported it. */
export interface IImport {
  readonly module: string;
  /** How many imports it is within. */
  readonly depth: number;
  readonly start: number;
  readonly seconds: number;
  /** Seconds of these that it waited for files. */
  readonly waited: number;
  /** Files that it waited for. */
  readonly files: number;
  readonly source: string;
}

/** The last imports of a kernel. */
export interface IImports {
  readonly imports: readonly IImport[];
  readonly seconds: number;
  /** Null where nothing was imported. */
  readonly svg: string | null;
  /** Why there is nothing to see. */
  readonly note?: string | null;
}
