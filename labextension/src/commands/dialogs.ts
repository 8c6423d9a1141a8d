/** What commands ask people, and how they say that something did not work. */

import { InputDialog, showErrorMessage } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { ApiError, isAborted, type ShelfApi } from '../api';
import { ChannelError, isCancelled } from '../channel';
import type { ICommandArgs } from './ids';

/** A project of a shelf, and perhaps a version. */
export interface IAsked {
  readonly shelf: string;
  readonly project: string;
  readonly version?: string;
}

/** Do something for a command; what goes wrong becomes one message. */
export async function reporting(
  title: string,
  action: () => Promise<void> | void
): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!isAborted(error) && !isCancelled(error)) {
      await showErrorMessage(title, wordsOf(error));
    }
  }
}

/** What went wrong, and what helps: the command that the kernel names, or whom to ask. */
function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const next =
    (error instanceof ChannelError && error.next) ||
    (error instanceof ApiError && error.problem.ask);
  return next ? `${message}\n\n${next}` : message;
}

/** A requirement that a person types, such as `pandas>=2.2`; null where the person went away. */
export async function askRequirement(
  trans: TranslationBundle,
  title: string
): Promise<string | null> {
  const { button, value } = await InputDialog.getText({
    title,
    label: trans.__('Project, such as pandas or pandas==2.2.3'),
    required: true
  });
  return button.accept && value?.trim() ? value.trim() : null;
}

/** What a command is about: its arguments say, else the person does; null where the person went away. */
export async function askSubject(
  api: ShelfApi,
  trans: TranslationBundle,
  title: string,
  args: ICommandArgs
): Promise<IAsked | null> {
  const { shelf, project, version } = args;
  if (project) {
    return {
      shelf: shelf ?? (await shelfWith(api, project)),
      project,
      ...(version ? { version } : {})
    };
  }
  const typed = await askRequirement(trans, title);
  if (typed === null) {
    return null;
  }
  const [name, wanted] = typed.split('==').map(part => part.trim());
  return {
    shelf: await shelfWith(api, name),
    project: name,
    ...(wanted ? { version: wanted } : {})
  };
}

/** The shelf that supplies a project: the first that has it, as for the kernel. Rejects with the last shelf's answer. */
async function shelfWith(api: ShelfApi, project: string): Promise<string> {
  const { shelves } = await api.shelves();
  let missing: unknown = new Error(
    'No shelf is configured here. Set CLOUDSHELF_URL, or c.CloudShelf.url, and start the server again.'
  );
  for (const shelf of shelves) {
    try {
      await api.project(shelf.id, project);
      return shelf.id;
    } catch (refused) {
      if (!(refused instanceof ApiError && refused.status === 404)) {
        throw refused;
      }
      missing = refused;
    }
  }
  throw missing;
}
