import type { IApiProblem } from './types';

/** What the server answered in place of what was asked; `ask` says whom to ask, `retry` whether again may help. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: IApiProblem
  ) {
    super(problem.message);
    this.name = problem.name;
  }

  /** Whether the asker may not read this. */
  get locked(): boolean {
    return this.status === 403;
  }
}

/** Whether a request was given up by its asker, which is no error to show. */
export function isAborted(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** A problem as it is shown; `locked` says that it is one of permission. */
export interface IShownProblem extends IApiProblem {
  locked: boolean;
}

/** Anything thrown, as something to show. */
export function problemOf(error: unknown): IShownProblem {
  if (error instanceof ApiError) {
    return { ...error.problem, locked: error.locked };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { name: 'Error', message, ask: null, retry: true, locked: false };
}
