/** Which cell of a notebook asks for what is used, and what it shall say: pure, over the cells' texts. */

import {
  appendRequirement,
  isUseLine,
  projectOf,
  replaceRequirement,
  requirementsOf,
  withoutRequirements
} from './line';
import { oneLine } from './requirement';

/** What of a cell matters here. */
export interface ICellText {
  readonly type: string;
  readonly source: string;
  /** Whether a person may change it (nbformat's `editable`). */
  readonly editable: boolean;
}

/** One change of a notebook: the cell at `index` is new, gets another source, or only has to run. */
export interface ICellPlan {
  readonly kind: 'insert' | 'replace' | 'keep';
  readonly index: number;
  readonly source: string;
  /**
   * Where `%load_ext cloudshelf` stands: in a cell of its own that is inserted before this one (so that running this one
   * again does not say each time that it is loaded), in a cell above, in this cell, or nowhere, because nothing needs it.
   */
  readonly load: 'insert' | 'above' | 'here' | 'none';
}

/** What the inserted cell says. */
export const LOAD_CELL = '%load_ext cloudshelf';

/** `use`: nothing but `%shelf use` lines; `setup`: may stand before them; `code`: somebody's program. */
type Role = 'use' | 'setup' | 'code' | 'text';

const LOAD = /^\s*%(?:re)?load_ext\s+cloudshelf\s*$/;
const CONNECT = /^\s*%shelf\s+connect(?:\s|$)/;
const SHELF = /^\s*%shelf(?:\s|$)/;

/**
 * The change that makes a notebook ask for `requirement`.
 *
 * A cell that names the project already is changed where it stands. Else the requirement goes into the first cell of
 * `%shelf use` lines that no program stands before, or into a new one there: what comes below may import it.
 * `mustLoad` says that the kernel does not load cloudshelf by itself.
 */
export function planUse(
  cells: readonly ICellText[],
  requirement: string,
  mustLoad: boolean
): ICellPlan {
  const project = projectOf(oneLine(requirement));
  if (!project) {
    throw new Error(`"${requirement}" does not begin with a project's name.`);
  }
  const roles = cells.map(roleOf);
  const program = roles.indexOf('code');
  const top = program < 0 ? cells.length : program;
  const naming = cells.findIndex(
    (cell, i) => roles[i] === 'use' && names(cell.source, project)
  );
  const first = roles.indexOf('use');
  const index = naming >= 0 ? naming : first < top ? first : -1;
  const cell = cells.at(index < 0 ? cells.length : index);
  const place = cell ? index : placeAtTop(cells, roles, top);
  const above = cells.slice(0, place);
  const load =
    cell && loads(cell)
      ? 'here'
      : above.some(loads)
        ? 'above'
        : mustLoad
          ? 'insert'
          : 'none';
  if (!cell) {
    const source = `%shelf use ${requirement.trim()}`;
    return { kind: 'insert', index: place, source, load };
  }
  const source = withRequirement(cell.source, requirement, project);
  const kind = source === cell.source ? 'keep' : 'replace';
  return { kind, index, source, load };
}

/** Another source for the cell at `index`; null takes the cell out. */
export interface ICellEdit {
  readonly index: number;
  readonly source: string | null;
}

/** The changes after which no `%shelf use` cell asks for `project`; from the last cell to the first. */
export function planDrop(
  cells: readonly ICellText[],
  project: string
): ICellEdit[] {
  return cells
    .map((cell, index) => ({ cell, index }))
    .filter(({ cell }) => roleOf(cell) === 'use' && names(cell.source, project))
    .map(({ cell, index }) => {
      const source = withoutProject(cell.source, project);
      return { index, source: source.trim() ? source : null };
    })
    .reverse();
}

function loads(cell: ICellText): boolean {
  return (
    cell.type === 'code' &&
    cell.source.split('\n').some(line => LOAD.test(line))
  );
}

function roleOf(cell: ICellText): Role {
  if (cell.type !== 'code') {
    return 'text';
  }
  if (/^\s*%%shelf(?:\s|$)/.test(cell.source)) {
    return 'setup';
  }
  const lines = cell.source
    .split('\n')
    .filter(line => line.trim() && !/^\s*#/.test(line));
  if (
    !lines.every(
      line =>
        (SHELF.test(line) || LOAD.test(line)) && !line.trimEnd().endsWith('\\')
    )
  ) {
    return 'code';
  }
  const ours = lines.every(
    line => isUseLine(line) || LOAD.test(line) || CONNECT.test(line)
  );
  return ours && cell.editable && lines.some(isUseLine) ? 'use' : 'setup';
}

function withoutProject(source: string, project: string): string {
  return source
    .split('\n')
    .flatMap(line => {
      const gone = isUseLine(line)
        ? requirementsOf(line).filter(each => projectOf(each.text) === project)
        : [];
      return gone.length ? (withoutRequirements(line, gone) ?? []) : line;
    })
    .join('\n');
}

function names(source: string, project: string): boolean {
  return source
    .split('\n')
    .filter(isUseLine)
    .some(line =>
      requirementsOf(line).some(each => projectOf(each.text) === project)
    );
}

/** After what prepares the kernel; before everything else that runs. */
function placeAtTop(
  cells: readonly ICellText[],
  roles: readonly Role[],
  top: number
): number {
  const after = cells
    .slice(0, top)
    .findLastIndex(
      (cell, i) => roles[i] === 'setup' && cell.source.trim() !== ''
    );
  const code = cells.findIndex(cell => cell.type === 'code');
  return after >= 0 ? after + 1 : code >= 0 ? code : cells.length;
}

function withRequirement(
  source: string,
  requirement: string,
  project: string
): string {
  const lines = source.split('\n');
  if (!names(source, project)) {
    const last = lines.findLastIndex(isUseLine);
    return lines
      .map((line, i) =>
        i === last ? appendRequirement(line, requirement) : line
      )
      .join('\n');
  }
  return lines
    .map(line => {
      const old = isUseLine(line)
        ? requirementsOf(line).filter(each => projectOf(each.text) === project)
        : [];
      return old.reduceRight(
        (text, each) => replaceRequirement(text, each, requirement),
        line
      );
    })
    .join('\n');
}
