/** A row of the shelf as a requirement. */

/** A project, or one of its versions. */
export interface IRow {
  readonly project: string;
  readonly version?: string;
}

/** What asks for a row: `pandas`, or `pandas==2.2.3`. */
export function requirementOf(row: IRow): string {
  return row.version ? `${row.project}==${row.version}` : row.project;
}
