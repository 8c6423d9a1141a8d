/** What the kernel and the panel say to each other (docs/panel-channel.md), as types. */
import type { NotebookBlock } from '../api';

export const TARGET = 'cloudshelf.panel';
export const VERSION = 1;

export type Badge = 'loaded' | 'pinned' | 'differs' | 'restart' | 'blocked';

export interface IPin {
  project: string;
  version: string;
  /** Asked for by the user, not only needed by something that was. */
  asked: boolean;
  modules: string[];
  loaded: string[];
  files: number;
  present: number;
  bytes: number;
  fetched: number;
  /** What its import took, once it has been imported. */
  seconds: number | null;
  /** What the notebook's lock has, where it has one. */
  lock_version: string | null;
  /** Why nobody may use it, where the kernel's machine knows that it is blocked. */
  blocked: string | null;
  badges: Badge[];
}

export interface IBusy {
  verb: string;
  /** Who asked: a panel of this kernel, or a cell. */
  by: 'panel' | 'cell';
  stage: string;
  done: number;
  total: number;
  unit: string;
  what: string;
}

export interface IState {
  version: number;
  seq: number;
  cloudshelf: string;
  shelf: { url: string; name: string } | null;
  requirements: string[];
  pins: IPin[];
  provided: Record<string, string>;
  busy: IBusy | null;
  totals: { bytes: number; fetched: number };
  /** How the pins stand to the lock that the notebook carries; its digest is null where it carries none. */
  notebook: {
    digest: string | null;
    same: boolean;
    problem: string | null;
    missing: { project: string; version: string }[];
  } | null;
  /** What waits for a restart; `stored` says whether the kernel has been told to pin it then. */
  restart: {
    requirements: string[];
    message: string;
    stored: boolean;
  } | null;
  /** Why some of this could not be read. */
  problem: string | null;
}

export interface IStateMessage {
  type: 'state';
  state: IState;
}

/** `set` has whole top-level keys; `pins` has fields of single pins while the set of pins stays the same. */
export interface IChangeMessage {
  type: 'change';
  seq: number;
  set?: Partial<IState>;
  pins?: Record<string, Partial<IPin>>;
}

export interface IProgressMessage {
  type: 'progress';
  id: number;
  event: Omit<IBusy, 'verb' | 'by'>;
}

/** `id` is null where what was said is no request. */
export interface IReplyMessage {
  type: 'reply';
  id: number | null;
  ok: boolean;
  result?: unknown;
  error?: { name: string; message: string; next: string | null };
}

/** The kernel asks whether somebody is there. */
export interface IPingMessage {
  type: 'ping';
}

export type KernelMessage =
  | IStateMessage
  | IChangeMessage
  | IProgressMessage
  | IReplyMessage
  | IPingMessage;

/** What each verb takes and answers. */
export interface IVerbs {
  use: {
    args: { requirements: string[]; upgrade?: boolean };
    result: IChanged;
  };
  drop: { args: { projects: string[] }; result: IChanged };
  plan: { args: { requirements: string[]; upgrade?: boolean }; result: IPlan };
  block: {
    args: Record<string, never>;
    result: { block: NotebookBlock; pins: unknown; notes: string[] };
  };
  notebook: {
    args: { block: NotebookBlock | null; path: string };
    result: Record<string, never>;
  };
  restore: { args: { block: NotebookBlock; path: string }; result: IChanged };
  profile: { args: { last: number }; result: IProfile };
  wish: {
    args: { requirements: string[] };
    result: { requirements: string[]; message: string };
  };
  state: { args: Record<string, never>; result: Record<string, never> };
  /** Ends what panels have asked for, with the error `Interrupted`. */
  cancel: { args: Record<string, never>; result: Record<string, never> };
}

/** `was` is null for what is new, `version` for what goes. */
export interface IPinChange {
  project: string;
  was: string | null;
  version: string | null;
  why: string[];
}

export interface IChanged {
  changes: IPinChange[];
  notes: string[];
}

/** What `use` would do; `problem` says why it could not. */
export interface IPlan extends IChanged {
  problem: string | null;
}

export interface IProfile {
  svg: string | null;
  note: string | null;
  [more: string]: unknown;
}
