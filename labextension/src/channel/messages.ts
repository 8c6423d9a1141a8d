/** What the kernel and the panel say to each other (docs/panel-channel.md), as types. */
import type { NotebookBlock } from '../api';

export const TARGET = 'cloudshelf.panel';
export const VERSION = 1;

export type Badge = 'loaded' | 'pinned' | 'differs' | 'restart';

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
  badges: Badge[];
}

export interface IBusy {
  verb: string;
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
  /** How the pins stand to the lock that the notebook carries. */
  notebook: { digest: string; same: boolean; problem: string | null } | null;
  restart: { requirements: string[]; message: string } | null;
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
  event: Omit<IBusy, 'verb'>;
}

export interface IReplyMessage {
  type: 'reply';
  id: number;
  ok: boolean;
  result?: unknown;
  error?: { name: string; message: string; next?: string };
}

export type KernelMessage =
  IStateMessage | IChangeMessage | IProgressMessage | IReplyMessage;

/** What each verb takes and answers. */
export interface IVerbs {
  use: { args: { requirements: string[]; upgrade?: boolean }; result: unknown };
  drop: { args: { projects: string[] }; result: unknown };
  plan: { args: { requirements: string[] }; result: IPlan };
  block: {
    args: Record<string, never>;
    result: { block: NotebookBlock; pins: number; notes: string[] };
  };
  notebook: {
    args: { block: NotebookBlock | null; path: string };
    result: unknown;
  };
  restore: { args: { block: NotebookBlock }; result: unknown };
  profile: { args: { last: number }; result: IProfile };
  wish: { args: { requirements: string[] }; result: unknown };
}

export interface IPlan {
  changes: {
    project: string;
    was: string | null;
    version: string | null;
    why?: string | null;
  }[];
  pins: unknown;
  /** Why it cannot be had in this kernel as it is. */
  problem: string | null;
}

export interface IProfile {
  svg: string;
  [more: string]: unknown;
}
