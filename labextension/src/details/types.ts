/** What the details show, as the server says it (docs/rest-api.md). */

import type { IVersion } from '../api';

/** A wheel of a version: `WheelFacts` of cloudshelf/answers.py. */
export interface IWheel {
  readonly filename: string;
  readonly size: number;
  readonly installed: number;
  readonly files: number;
  readonly packed: number;
  readonly eager: number;
  readonly origin: string;
  readonly requires_python: string;
  readonly interpreters: readonly string[];
}

/** What the wheel's METADATA say; URLs are http or https. */
export interface IMetadata {
  readonly author: string;
  readonly maintainer: string;
  readonly license: string;
  readonly keywords: readonly string[];
  readonly classifiers: readonly string[];
  readonly urls: Readonly<Record<string, string>>;
}

/** One version with all that the tab shows. */
export interface IVersionDetails extends IVersion {
  readonly yanked: string | null;
  readonly blocked: string | null;
  /** Who signed the project's head and what that is worth; "" where nobody did. */
  readonly signed: string;
  readonly license: string;
  readonly requires_python: string;
  readonly extras: readonly string[];
  readonly modules: readonly string[];
  readonly scripts: readonly string[];
  readonly wheels: readonly IWheel[];
  readonly files: number;
  readonly metadata: IMetadata;
  readonly dependents_note: string | null;
}

/** Which project and version a tab is about; without a version it is the curator's default. */
export interface ISubject {
  readonly shelf: string;
  readonly project: string;
  readonly version?: string;
}
