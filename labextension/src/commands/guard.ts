import { showErrorMessage } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { ApiError } from '../api';
import { ChannelError } from '../channel';

/** Do something for a command, and show what went wrong: what happened, and what to do next. */
export async function guarded<T>(
  title: string,
  act: () => Promise<T>,
  trans: TranslationBundle
): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    await showErrorMessage(title, wordsOf(error, trans));
    return undefined;
  }
}

function wordsOf(error: unknown, trans: TranslationBundle): string {
  if (error instanceof ChannelError && error.next) {
    return `${error.message}\n\n${trans.__('This may help: %1', error.next)}`;
  }
  if (error instanceof ApiError && error.problem.ask) {
    return `${error.message}\n\n${trans.__('Ask: %1', error.problem.ask)}`;
  }
  return error instanceof Error ? error.message : String(error);
}
