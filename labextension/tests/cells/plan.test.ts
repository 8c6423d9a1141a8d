import { describe, expect, it } from 'vitest';

import { type ICellText, planDrop, planUse } from '../../src/cells/plan';
import { cellFor } from '../../src/cells/requirement';

const code = (source: string): ICellText => ({
  type: 'code',
  source,
  editable: true
});
const markdown = (source: string): ICellText => ({
  type: 'markdown',
  source,
  editable: true
});
const raw = (source: string): ICellText => ({
  type: 'raw',
  source,
  editable: true
});
const locked = (source: string): ICellText => ({
  type: 'code',
  source,
  editable: false
});

interface Case {
  readonly name: string;
  readonly cells: ICellText[];
  readonly use: string;
  readonly must?: boolean;
  readonly kind: 'insert' | 'replace' | 'keep';
  readonly index: number;
  readonly source: string;
  readonly load?: 'insert' | 'above' | 'here';
}

const CASES: Case[] = [
  {
    name: 'a notebook without cells gets one',
    cells: [],
    use: 'pandas',
    kind: 'insert',
    index: 0,
    source: '%shelf use pandas'
  },
  {
    name: 'an empty cell stays for its writer',
    cells: [code('')],
    use: 'pandas==2.2.3',
    kind: 'insert',
    index: 0,
    source: '%shelf use pandas==2.2.3'
  },
  {
    name: 'the extension is loaded first where the kernel does not',
    cells: [code('')],
    use: 'pandas',
    must: true,
    kind: 'insert',
    index: 0,
    source: '%shelf use pandas',
    load: 'insert'
  },
  {
    name: 'a raw cell (front matter) and a title stay first',
    cells: [raw('---\ntitle: x\n---'), markdown('# Title'), code('x = 1')],
    use: 'pandas',
    kind: 'insert',
    index: 2,
    source: '%shelf use pandas'
  },
  {
    name: 'a notebook of text alone gets it at the end',
    cells: [raw('---'), markdown('# Title')],
    use: 'pandas',
    kind: 'insert',
    index: 2,
    source: '%shelf use pandas'
  },
  {
    name: 'after the cell that loads and connects',
    cells: [
      markdown('# Title'),
      code('%load_ext cloudshelf\n%shelf connect s3://x/y'),
      code('x = 1')
    ],
    use: 'pandas',
    must: true,
    kind: 'insert',
    index: 2,
    source: '%shelf use pandas',
    load: 'above'
  },
  {
    name: 'after the cell that restores the lock',
    cells: [code('%shelf sync --notebook'), code('x = 1')],
    use: 'pandas',
    kind: 'insert',
    index: 1,
    source: '%shelf use pandas'
  },
  {
    name: 'another project goes into the cell at the top',
    cells: [
      code('# what this needs\n%shelf use numpy  # first'),
      code('x = 1')
    ],
    use: 'pandas==2',
    kind: 'replace',
    index: 0,
    source: '# what this needs\n%shelf use numpy pandas==2  # first'
  },
  {
    name: 'into the last of several lines',
    cells: [
      code('%load_ext cloudshelf\n%shelf use numpy\n\n%shelf use -r r.txt\n')
    ],
    use: 'pandas',
    kind: 'replace',
    index: 0,
    source:
      '%load_ext cloudshelf\n%shelf use numpy\n\n%shelf use -r r.txt pandas\n',
    load: 'here'
  },
  {
    name: 'the version changes where it stands',
    cells: [code('%shelf use numpy pandas==1.5 # c\n# end')],
    use: 'pandas==2',
    kind: 'replace',
    index: 0,
    source: '%shelf use numpy pandas==2 # c\n# end'
  },
  {
    name: 'a project that is asked for twice in a cell gets one answer',
    cells: [code('%shelf use pandas\n%shelf use Pandas==1 numpy')],
    use: 'pandas==2',
    kind: 'replace',
    index: 0,
    source: '%shelf use pandas==2\n%shelf use pandas==2 numpy'
  },
  {
    name: 'what is there already only runs',
    cells: [code('%shelf use pandas==2')],
    use: 'pandas==2',
    kind: 'keep',
    index: 0,
    source: '%shelf use pandas==2'
  },
  {
    name: 'a bare project does not undo a version',
    cells: [code('%shelf use pandas==2')],
    use: 'pandas',
    kind: 'keep',
    index: 0,
    source: '%shelf use pandas==2'
  },
  {
    name: 'the extension is loaded before the cell that needs it',
    cells: [code('# why\n%shelf use numpy')],
    use: 'pandas',
    must: true,
    kind: 'replace',
    index: 0,
    source: '# why\n%shelf use numpy pandas',
    load: 'insert'
  },
  {
    name: "a cell with a program is nobody else's: a new one before it",
    cells: [code('%shelf use pandas==1\nimport pandas')],
    use: 'pandas==2',
    kind: 'insert',
    index: 0,
    source: '%shelf use pandas==2'
  },
  {
    name: 'a %%shelf cell stays as it is; what comes after it decides',
    cells: [code('%%shelf\npandas==1\n')],
    use: 'pandas==2',
    kind: 'insert',
    index: 1,
    source: '%shelf use pandas==2'
  },
  {
    name: 'a cell below a program is too late for another project',
    cells: [code('import os'), code('%shelf use numpy')],
    use: 'pandas',
    kind: 'insert',
    index: 0,
    source: '%shelf use pandas'
  },
  {
    name: 'but is the place of a project that it names',
    cells: [code('import os'), code('%shelf use numpy pandas')],
    use: 'pandas==2',
    kind: 'replace',
    index: 1,
    source: '%shelf use numpy pandas==2'
  },
  {
    name: 'a cell that may not be changed is not',
    cells: [locked('%shelf use numpy')],
    use: 'pandas',
    kind: 'insert',
    index: 1,
    source: '%shelf use pandas'
  },
  {
    name: 'a dry run asks for nothing',
    cells: [code('%shelf use --dry-run pandas')],
    use: 'pandas==2',
    kind: 'insert',
    index: 1,
    source: '%shelf use pandas==2'
  },
  {
    name: 'lines that go on are left alone',
    cells: [code('%shelf use numpy \\\n  pandas')],
    use: 'pandas==2',
    kind: 'insert',
    index: 0,
    source: '%shelf use pandas==2'
  },
  {
    name: 'text that shows the command is no cell of it',
    cells: [markdown('%shelf use pandas'), code('x = 1')],
    use: 'pandas==2',
    kind: 'insert',
    index: 1,
    source: '%shelf use pandas==2'
  }
];

describe('where a requirement goes', () => {
  it.each(CASES)('$name', ({ cells, use, must, kind, index, source, load }) => {
    const plan = { kind, index, source, load: load ?? 'none' };
    expect(planUse(cells, use, must ?? false)).toEqual(plan);
  });

  it('is refused for what names no project', () => {
    expect(() => planUse([], '==2', false)).toThrow(
      "does not begin with a project's name"
    );
  });

  it('is the same the second time', () => {
    for (const { cells, use, must } of CASES) {
      const first = planUse(cells, use, must ?? false);
      const after = [...cells];
      const { index, kind } = first;
      after.splice(index, kind === 'insert' ? 0 : 1, code(first.source));
      const inserted = first.load === 'insert';
      if (inserted) {
        after.splice(index, 0, code('%load_ext cloudshelf'));
      }
      expect(planUse(after, use, must ?? false)).toEqual({
        kind: 'keep',
        index: inserted ? index + 1 : index,
        source: first.source,
        load: inserted ? 'above' : first.load
      });
    }
  });
});

describe('what was dropped is asked for by no cell', () => {
  it.each<[string, ICellText[], ReturnType<typeof planDrop>]>([
    ['no cell asks', [code('%shelf use numpy'), code('x')], []],
    [
      'its line goes, the others stay',
      [code('%load_ext cloudshelf\n%shelf use six\n%shelf use numpy')],
      [{ index: 0, source: '%load_ext cloudshelf\n%shelf use numpy' }]
    ],
    [
      'a cell of nothing else goes, the last first',
      [code('%shelf use six'), code('x'), code('%shelf use numpy Six==1')],
      [
        { index: 2, source: '%shelf use numpy' },
        { index: 0, source: null }
      ]
    ],
    [
      'programs, locked cells and requirements files stay as they are',
      [
        code('%shelf use six\nimport six'),
        locked('%shelf use six'),
        code('%%shelf\nsix')
      ],
      []
    ]
  ])('%s', (_, cells, expected) => {
    expect(planDrop(cells, 'six')).toEqual(expected);
  });
});

describe('what a shelf calls a project or a version', () => {
  it.each([
    'x==1.0\nimport os; os.system("touch hacked")',
    'x==1.0\r!touch hacked',
    'x==1.0\u2028!touch hacked',
    'x==1.0\u0085!touch hacked',
    'x\u0000'
  ])('%j becomes no line of its own in a cell', requirement => {
    expect(() => planUse([], requirement, false)).toThrow('is no requirement');
    expect(() => cellFor(requirement)).toThrow('is no requirement');
  });

  it('stays one word of a line where it has quotes, $ or backticks', () => {
    const { source } = planUse([], 'x==1.0";$(touch a)`touch b`', false);
    expect(source.split('\n')).toHaveLength(1);
    expect(source.startsWith('%shelf use ')).toBe(true);
  });
});
