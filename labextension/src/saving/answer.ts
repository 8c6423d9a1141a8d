/** What a kernel asks of a notebook's editor, and what it is answered (docs/notebooks.md, "The message to an editor"). */

import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { NotebookBlock } from '../api';
import { METADATA_KEY } from '../notebook/link';

/** The comm target that `%shelf lock --notebook` opens. */
export const TARGET = 'cloudshelf';

const VERSION = 1;

export type Answer =
  | { status: 'saved' }
  | { status: 'set' }
  | { status: 'refused'; reason: string };

/** The part of an open notebook that takes a block. */
export type Editor = Pick<NotebookPanel, 'context' | 'title'>;

/**
 * Put the block of a message into a notebook's metadata, and save it if that can be done.
 *
 * Never rejects: what cannot be done is an answer with its reason.
 */
export async function answerRequest(
  editor: Editor,
  data: unknown,
  trans: TranslationBundle
): Promise<Answer> {
  const refuse = (reason: string): Answer => ({ status: 'refused', reason });
  const asked = (data ?? {}) as Record<string, unknown>;
  if (asked['request'] !== 'set-lock' || asked['version'] !== VERSION) {
    return refuse(
      trans.__(
        'this JupyterLab does not know what the kernel asks for, because the cloudshelf of one of them is older. Reload the page after an upgrade.'
      )
    );
  }
  const { block } = asked;
  if (!isBlock(block)) {
    return refuse(trans.__('the message had no lock in it.'));
  }
  const { context } = editor;
  await context.ready;
  if (context.model.readOnly || context.contentsModel?.writable === false) {
    return refuse(
      trans.__(
        '%1 is read-only. Save a copy of it, and lock that.',
        editor.title.label
      )
    );
  }
  context.model.setMetadata(METADATA_KEY, block);
  try {
    await context.save();
    return { status: 'saved' };
  } catch {
    return { status: 'set' }; // Lab has said what was in the way
  }
}

function isBlock(value: unknown): value is NotebookBlock {
  const block = value as Partial<NotebookBlock> | null | undefined;
  return (
    typeof block?.format === 'number' &&
    typeof block.digest === 'string' &&
    Array.isArray(block.lock) &&
    block.lock.every(line => typeof line === 'string')
  );
}
