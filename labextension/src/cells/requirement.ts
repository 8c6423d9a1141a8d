/** A row of the shelf as a requirement, and as a cell. */

/** A project, or one of its versions. */
export interface IRow {
  readonly project: string;
  readonly version?: string;
}

/** What asks for a row: `pandas`, or `pandas==2.2.3`. */
export function requirementOf(row: IRow): string {
  return row.version ? `${row.project}==${row.version}` : row.project;
}

// Where Python or an editor begins another line, and what no requirement has.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * A requirement that goes into a cell, trimmed: one line, so that nothing of it can be code of a line of its own.
 *
 * Names and versions come from a shelf, which others write. Throws an Error.
 */
export function oneLine(requirement: string): string {
  const text = requirement.trim();
  if (CONTROL.test(text)) {
    throw new Error(
      `${JSON.stringify(text)} is no requirement, since it has more than one line or odd characters. Nothing was written or run.`
    );
  }
  return text;
}

/** A cell, in nbformat's words, that uses something. */
export function cellFor(requirement: string): {
  cell_type: 'code';
  source: string;
  metadata: { trusted: true };
} {
  return {
    cell_type: 'code',
    source: `%shelf use ${oneLine(requirement)}`,
    metadata: { trusted: true }
  };
}
