/** What a tab needs to show a project at a version: two answers of the server. */

import type { IProject, ShelfApi } from '../api';
import type { ISubject, IVersionDetails } from './types';

/** A project, and one of its versions in full. */
export interface ILoaded {
  readonly project: IProject;
  readonly version: IVersionDetails;
}

/** Rejects with ApiError: the project or the version is not (or no longer) there, denied, or the shelf cannot be reached. */
export async function load(
  api: ShelfApi,
  subject: ISubject,
  signal: AbortSignal
): Promise<ILoaded> {
  const project = await api.project(subject.shelf, subject.project, {
    signal
  });
  const chosen =
    subject.version ??
    project.default ??
    project.latest ??
    project.versions[0]?.version;
  if (!chosen) {
    throw new Error(
      `${subject.project} has no versions now: its curators took them all back.`
    );
  }
  const version = await api.version(subject.shelf, subject.project, chosen, {
    signal
  });
  return { project, version: version as IVersionDetails };
}
