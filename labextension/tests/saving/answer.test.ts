import { YNotebook } from '@jupyter/ydoc';
import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { answerRequest, type Editor } from '../../src/saving/answer';

const trans = nullTranslator.load('cloudshelf');
const BLOCK = {
  format: 1,
  digest: 'd',
  shelf: { url: 's3://x', name: 'team' },
  lock: ['a', 'b']
};
const ASKED = { request: 'set-lock', version: 1, path: '', block: BLOCK };

/** An open notebook with a real shared model; what its file does is given. */
function editorOf(
  options: { writable?: boolean; save?: () => Promise<void> } = {}
): { editor: Editor; model: YNotebook; saved: () => number } {
  const model = YNotebook.create();
  let count = 0;
  const context = {
    model,
    ready: Promise.resolve(),
    contentsModel: { writable: options.writable ?? true },
    save: async () => {
      await options.save?.();
      count += 1;
    }
  };
  const editor = {
    context,
    title: { label: 'report.ipynb' }
  } as unknown as Editor;
  return { editor, model, saved: () => count };
}

describe('a kernel asks for its lock to be kept', () => {
  it('it goes into the metadata, and into the file', async () => {
    const { editor, model, saved } = editorOf();
    expect(await answerRequest(editor, ASKED, trans)).toEqual({
      status: 'saved'
    });
    expect(model.getMetadata('cloudshelf')).toEqual(BLOCK);
    expect(saved()).toBe(1);
  });

  it('it stays in the model where the file cannot be saved', async () => {
    const { editor, model } = editorOf({
      save: () => Promise.reject(new Error('Cancel'))
    });
    expect(await answerRequest(editor, ASKED, trans)).toEqual({
      status: 'set'
    });
    expect(model.getMetadata('cloudshelf')).toEqual(BLOCK);
  });

  it('a read-only notebook is not changed', async () => {
    const { editor, model, saved } = editorOf({ writable: false });
    expect(await answerRequest(editor, ASKED, trans)).toEqual({
      status: 'refused',
      reason: 'report.ipynb is read-only. Save a copy of it, and lock that.'
    });
    expect(model.getMetadata('cloudshelf')).toBeUndefined();
    expect(saved()).toBe(0);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'set-lock'],
    ['another request', { ...ASKED, request: 'run' }],
    ['a newer version', { ...ASKED, version: 2 }],
    ['no block', { ...ASKED, block: null }],
    ['a block without lock', { ...ASKED, block: { format: 1, digest: 'd' } }],
    ['a block of numbers', { ...ASKED, block: { ...BLOCK, lock: [1] } }]
  ])('%s is refused with a reason', async (_name, data) => {
    const { editor, model, saved } = editorOf();
    const answer = await answerRequest(editor, data, trans);
    expect(answer.status).toBe('refused');
    expect('reason' in answer && answer.reason.length).toBeGreaterThan(20);
    expect(model.getMetadata('cloudshelf')).toBeUndefined();
    expect(saved()).toBe(0);
  });
});
