import { expect, it } from 'vitest';

import { notebookOf } from '../../src/launcher/notebook';

it('a new notebook carries its lock, and restores it in its first cell', () => {
  const block = {
    format: 1,
    shelf: { url: 's3://x', name: 'team' },
    lock: ['a', 'b'],
    digest: 'd'
  };
  let number = 0;
  const made = notebookOf(
    block,
    { name: 'python3', display_name: 'Python 3' },
    () => `id-${++number}`
  );
  expect(made.metadata['cloudshelf']).toEqual(block);
  expect(made.metadata.kernelspec).toMatchObject({
    name: 'python3',
    display_name: 'Python 3'
  });
  expect(made.cells.map(cell => cell.source)).toEqual([
    '%load_ext cloudshelf\n%shelf sync --notebook',
    ''
  ]);
  expect(made.cells.map(cell => cell['id'])).toEqual(['id-1', 'id-2']);
  expect([made.nbformat, made.nbformat_minor]).toEqual([4, 5]);
});
