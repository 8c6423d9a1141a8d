/** What the server extension's REST API says (docs/rest-api.md), as types. */

/** Why something could not be had: one sentence with what to do next, and whom to ask where the shelf says so. */
export interface IApiProblem {
  name: string;
  message: string;
  ask: string | null;
  retry: boolean;
}

export interface IShelf {
  id: string;
  url: string;
  name: string;
  state: 'ok' | 'error';
  error: IApiProblem | null;
  request_url?: boolean;
}

export interface IShelves {
  shelves: IShelf[];
  origin: string;
  /** What is wrong with the settings; then there are no shelves. */
  error?: IApiProblem | null;
}

/** One page of a list: `offset` is where it begins in the `total`. */
export interface IPage {
  total: number;
  offset: number;
}

export interface IProjectRow {
  project: string;
  summary: string;
  default: string | null;
  latest: string | null;
  versions: number;
  modules: string[];
  /** What matched when a filter was given and it was not the name. */
  why?: string;
}

export interface IProjects extends IPage {
  projects: IProjectRow[];
}

export interface IVersionRow {
  version: string;
  default: boolean;
  /** The curator's reason where the version is yanked. */
  yanked: string | null;
  /** The security role's reason where nobody may use it. */
  blocked: string | null;
}

export interface IProject {
  project: string;
  summary: string;
  default: string | null;
  latest: string | null;
  changed?: string | null;
  changed_by?: string | null;
  versions: IVersionRow[];
  modules: string[];
}

export interface IEntry {
  name: string;
  path: string;
  type: 'directory' | 'file';
  size: number | null;
  mimetype?: string | null;
}

export interface IFiles extends IPage {
  path: string;
  entries: IEntry[];
}

/** What one version says of itself; the engine's `Shown` (cloudshelf/answers.py) and what the server adds. */
export interface IVersion {
  project: string;
  version: string;
  summary: string;
  readme: {
    text: string;
    type: 'text/markdown' | 'text/x-rst' | 'text/plain';
  } | null;
  dependencies: {
    requirement: string;
    project: string;
    on_shelf: boolean;
  }[];
  dependents: string[] | null;
  published: string | null;
  published_by: string | null;
  installed: number | null;
  packed: number | null;
  [more: string]: unknown;
}

export interface ISizedFile {
  path: string;
  size: number;
}

export interface IVersionDiff {
  from: string;
  to: string;
  facts: { name: string; from: unknown; to: unknown }[];
  requires: { added: string[]; removed: string[] };
  files: {
    added: ISizedFile[];
    removed: ISizedFile[];
    changed: { path: string; from: number; to: number }[];
    truncated: boolean;
  };
}

export interface ILockRow {
  name: string;
  seq: number;
  time: string;
  by: string;
  pins: number;
}

export interface ILock {
  name: string;
  lock: string;
  /** The block of a notebook's metadata (docs/notebooks.md). */
  block: NotebookBlock;
  pins: unknown;
}

/** `metadata.cloudshelf` of a notebook (docs/notebooks.md); only the kernel and the server make one. */
export type NotebookBlock = {
  format: number;
  shelf: { url: string; name: string };
  lock: string[];
  digest: string;
};
