import { describe, expect, it } from 'vitest';

import {
  appendRequirement,
  isUseLine,
  projectOf,
  replaceRequirement,
  requirementsOf,
  withoutRequirements
} from '../../src/cells/line';

describe('a line of requirements is read as people write it', () => {
  it.each<[string, string[]]>([
    ['%shelf use pandas', ['pandas']],
    ['%shelf use pandas numpy', ['pandas', 'numpy']],
    ['  %shelf   install pandas', ['pandas']],
    [
      '%shelf use "pandas>=2.2,<3" matplotlib',
      ['pandas>=2.2,<3', 'matplotlib']
    ],
    ["%shelf use 'pandas >= 2.2'", ['pandas >= 2.2']],
    ['%shelf use pandas >= 2.2 , < 3 numpy', ['pandas>=2.2,<3', 'numpy']],
    ['%shelf use pandas[excel]==2.2.*', ['pandas[excel]==2.2.*']],
    ['%shelf use pandas [excel] numpy', ['pandas[excel]', 'numpy']],
    ['%shelf use pandas # the best', ['pandas']],
    ['%shelf use pandas#not-a-comment', ['pandas#not-a-comment']],
    ['%shelf use "pandas # quoted"', ['pandas # quoted']],
    ['%shelf use -r requirements.txt pandas', ['pandas']],
    ['%shelf use --variant cpu torch==2.1.2+cpu', ['torch==2.1.2+cpu']],
    ['%shelf use --variant=cpu torch', ['torch']],
    ['%shelf use -U torch', ['torch']],
    ['%shelf use torch --as-of 2026-11-01 numpy', ['torch', 'numpy']],
    [
      '%shelf use "numpy; python_version < \'3.12\'"',
      ["numpy; python_version < '3.12'"]
    ],
    ['%shelf use', []],
    ['%shelf use   ', []],
    ['%shelf use "not closed', ['not closed']],
    ['%shelf drop pandas', []],
    ['import pandas', []]
  ])('%s', (line, expected) => {
    expect(requirementsOf(line).map(each => each.text)).toEqual(expected);
  });
});

describe('a line that pins when it runs', () => {
  it.each<[string, boolean]>([
    ['%shelf use pandas', true],
    ['\t%shelf install pandas', true],
    ['%shelf use', true],
    ['%shelf use --dry-run pandas', false],
    ['%shelf use --help', false],
    ['%shelf useless', false],
    ['%%shelf use', false],
    ['# %shelf use pandas', false],
    ['x = 1 # %shelf use pandas', false],
    ['!shelf use pandas', false]
  ])('%s: %s', (line, expected) => {
    expect(isUseLine(line)).toBe(expected);
  });
});

describe('a project has one name, however it is spelled', () => {
  it.each<[string, string]>([
    ['pandas', 'pandas'],
    ['Pandas>=2', 'pandas'],
    ['ruamel.yaml', 'ruamel-yaml'],
    ['ruamel_yaml==0.18', 'ruamel-yaml'],
    ['A__b..c', 'a-b-c'],
    ['pandas[excel] == 2', 'pandas'],
    ['pandas @ file:///x.whl', 'pandas'],
    ['', ''],
    ['==2', ''],
    ['./wheel.whl', '']
  ])('%s is %s', (requirement, project) => {
    expect(projectOf(requirement)).toBe(project);
  });
});

describe('one requirement is replaced, and nothing else', () => {
  it.each<[string, string, string]>([
    ['%shelf use pandas', 'pandas==2.2.3', '%shelf use pandas==2.2.3'],
    [
      '%shelf use pandas==1.5  numpy  # why',
      'pandas==2.2.3',
      '%shelf use pandas==2.2.3  numpy  # why'
    ],
    [
      '%shelf use "pandas>=2.2,<3" numpy',
      'pandas==2.2.3',
      '%shelf use pandas==2.2.3 numpy'
    ],
    [
      '%shelf use pandas >= 2.2 , < 3 numpy',
      'pandas==2.2.3',
      '%shelf use pandas==2.2.3 numpy'
    ],
    [
      '%shelf use -r reqs.txt Pandas',
      'pandas==2',
      '%shelf use -r reqs.txt pandas==2'
    ],
    ['%shelf use pandas[excel]==1', 'pandas==2', '%shelf use pandas[excel]==2'],
    [
      '%shelf use pandas[excel]==1',
      'pandas[html]==2',
      '%shelf use pandas[html]==2'
    ],
    ['%shelf use pandas==1', 'pandas', '%shelf use pandas==1'],
    ['%shelf use pandas==1 # é 😀', 'pandas==2', '%shelf use pandas==2 # é 😀'],
    ['%shelf use pandas==1', 'pandas >= 2, < 3', '%shelf use "pandas>= 2, < 3"']
  ])('%s with %s', (line, requirement, expected) => {
    const old = requirementsOf(line).find(
      each => projectOf(each.text) === 'pandas'
    );
    expect(old).toBeDefined();
    expect(old && replaceRequirement(line, old, requirement)).toBe(expected);
  });
});

describe('one requirement is added, before the comment', () => {
  it.each<[string, string, string]>([
    ['%shelf use pandas', 'numpy==2.1', '%shelf use pandas numpy==2.1'],
    ['%shelf use pandas # why', 'numpy', '%shelf use pandas numpy # why'],
    ['%shelf use', 'numpy', '%shelf use numpy'],
    ['%shelf use pandas   ', 'numpy', '%shelf use pandas numpy   '],
    ['%shelf use -r reqs.txt', 'numpy', '%shelf use -r reqs.txt numpy'],
    [
      '%shelf use pandas',
      "numpy; python_version < '3.12'",
      '%shelf use pandas "numpy; python_version < \'3.12\'"'
    ]
  ])('%s and %s', (line, requirement, expected) => {
    expect(appendRequirement(line, requirement)).toBe(expected);
  });
});

describe('a requirement is taken out', () => {
  it.each<[string, string | null]>([
    ['%shelf use pandas', null],
    ['%shelf use pandas numpy', '%shelf use numpy'],
    ['%shelf use numpy pandas>=2 # why', '%shelf use numpy # why'],
    ['%shelf use "pandas >=2" six', '%shelf use six'],
    ['%shelf use pandas==1 numpy pandas', '%shelf use numpy'],
    ['%shelf use -r reqs.txt pandas', '%shelf use -r reqs.txt'],
    ['%shelf use pandas --variant cpu', null]
  ])('%s', (line, expected) => {
    const gone = requirementsOf(line).filter(
      each => projectOf(each.text) === 'pandas'
    );
    expect(withoutRequirements(line, gone)).toBe(expected);
  });
});
