import { YNotebook } from '@jupyter/ydoc';
import { describe, expect, it } from 'vitest';

import { writePlan } from '../../src/cells/write';

function notebookOf(...sources: string[]): YNotebook {
  const notebook = new YNotebook();
  notebook.insertCells(
    0,
    sources.map(source => ({ cell_type: 'code', source }))
  );
  notebook.undoManager.clear();
  return notebook;
}

const sources = (notebook: YNotebook): string[] =>
  notebook.cells.map(cell => cell.getSource());

describe('a plan is one change of the notebook', () => {
  it('inserts a cell, and undo takes it back', () => {
    const notebook = notebookOf('x = 1');
    writePlan(notebook, {
      kind: 'insert',
      index: 0,
      source: '%shelf use pandas',
      load: 'none'
    });
    expect(sources(notebook)).toEqual(['%shelf use pandas', 'x = 1']);
    notebook.undo();
    expect(sources(notebook)).toEqual(['x = 1']);
  });

  it('replaces a source, and undo takes it back at once', () => {
    const notebook = notebookOf('# é 😀\n%shelf use pandas==1 # c', 'x = 1');
    const source = '# é 😀\n%shelf use pandas==2.2 numpy # c';
    writePlan(notebook, { kind: 'replace', index: 0, source, load: 'none' });
    expect(sources(notebook)).toEqual([source, 'x = 1']);
    notebook.undo();
    expect(sources(notebook)).toEqual([
      '# é 😀\n%shelf use pandas==1 # c',
      'x = 1'
    ]);
  });

  it('changes the fewest letters, so that what another person types meanwhile stays', () => {
    const notebook = notebookOf('%shelf use pandas==1.5 # c');
    const changes: unknown[] = [];
    notebook.getCell(0).changed.connect((_, change) => {
      changes.push(change.sourceChange);
    });
    writePlan(notebook, {
      kind: 'replace',
      index: 0,
      source: '%shelf use pandas==2.5 # c',
      load: 'none'
    });
    expect(changes).toEqual([[{ retain: 19 }, { insert: '2' }, { delete: 1 }]]);
  });

  it('inserts what loads the extension before it, and undo takes both back', () => {
    const notebook = notebookOf('%shelf use numpy');
    const source = '%shelf use numpy pandas';
    const plan = { kind: 'replace', index: 0, source, load: 'insert' } as const;
    expect(writePlan(notebook, plan)).toEqual([0, 1]);
    expect(sources(notebook)).toEqual(['%load_ext cloudshelf', source]);
    notebook.undo();
    expect(sources(notebook)).toEqual(['%shelf use numpy']);
  });

  it('leaves alone what says it already', () => {
    const notebook = notebookOf('%shelf use pandas');
    writePlan(notebook, {
      kind: 'keep',
      index: 0,
      source: '%shelf use pandas',
      load: 'none'
    });
    expect(sources(notebook)).toEqual(['%shelf use pandas']);
    expect(notebook.canUndo()).toBe(false);
  });
});
