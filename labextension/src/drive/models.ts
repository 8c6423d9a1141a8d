/** What the shelf holds, in the words of Jupyter's contents: everything may be read, nothing written. */

import { PathExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';

const FIXED = {
  writable: false,
  created: '', // a list shows none; the shelf keeps no times of files
  last_modified: '',
  content: null,
  format: null
};

/** A folder; `content` are models of what is in it, null where nobody asked. */
export function folderModel(
  path: string,
  content: Contents.IModel[] | null = null
): Contents.IModel {
  return {
    ...FIXED,
    name: PathExt.basename(path),
    path,
    type: 'directory',
    mimetype: '',
    content,
    // Lab's types say that a folder's format is a text; its own server says "json" of one with content
    format: content ? 'json' : null
  };
}

/** The model with a time, which Lab needs of what it opens; `published` is that of the version, null where it is not known. */
export function withTime(
  model: Contents.IModel,
  published: string | null
): Contents.IModel {
  const time = published ?? new Date(0).toISOString();
  return { ...model, created: time, last_modified: time };
}

/** A file without its content. */
export function fileModel(
  path: string,
  size: number | null,
  mimetype: string
): Contents.IModel {
  return {
    ...FIXED,
    name: PathExt.basename(path),
    path,
    type: isNotebook(path) ? 'notebook' : 'file',
    mimetype,
    ...(size === null ? {} : { size })
  };
}

/**
 * A file's content as Lab asks for it: text, base64, JSON (of a notebook), or whatever fits.
 *
 * Throws an Error for text that is none, and for a notebook that is no JSON.
 */
export function withContent(
  model: Contents.IModel,
  bytes: Uint8Array,
  asked: Pick<Contents.IFetchOptions, 'type' | 'format'>
): Contents.IModel {
  const size = bytes.length;
  if (model.type === 'notebook' && asked.type !== 'file') {
    const content = parseNotebook(model.name, bytes);
    return { ...model, size, mimetype: '', format: 'json', content };
  }
  const file = { ...model, type: 'file', size };
  if (asked.format === 'base64') {
    return { ...file, format: 'base64', content: toBase64(bytes) };
  }
  const text = decode(bytes);
  if (text !== null) {
    return { ...file, format: 'text', content: text };
  }
  if (asked.format === 'text') {
    throw new Error(
      `${model.name} is not text in UTF-8. Copy it to the workspace to open it with something else.`
    );
  }
  return { ...file, format: 'base64', content: toBase64(bytes) };
}

export function isNotebook(path: string): boolean {
  return PathExt.extname(path) === '.ipynb';
}

/** Base64 of bytes, in pieces: one call for all of them would be more arguments than a call can have. */
export function toBase64(bytes: Uint8Array): string {
  const piece = 0x8000;
  let text = '';
  for (let at = 0; at < bytes.length; at += piece) {
    text += String.fromCharCode(...bytes.subarray(at, at + piece));
  }
  return btoa(text);
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function parseNotebook(name: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Error(
      `${name} is not a notebook: it cannot be read as JSON. Open it with the editor to see what it is.`
    );
  }
}
