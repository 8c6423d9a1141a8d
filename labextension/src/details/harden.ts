/**
 * What may be shown of a README, which anybody may have written: words, lists, tables, code, links that leave. No script, form,
 * frame or style, nothing that loads from elsewhere, no id or class that Lab's own parts could be taken for.
 *
 * The rest of a file is copied element by element into new ones, so that what is not named here cannot come through.
 */

const KEPT = new Set(
  (
    'p br hr ul ol li dl dt dd blockquote pre code span em strong b i u s del ins sub sup kbd samp var mark small q abbr ' +
    'table caption thead tbody tfoot tr th td details summary div figure figcaption section article header footer'
  ).split(' ')
);
/** Gone with all that is in them; other unknown elements leave their content behind. */
const GONE = new Set(
  (
    'script style template noscript iframe frame object embed applet svg math canvas audio video source track form-data ' +
    'select option textarea link meta base head title dialog portal'
  ).split(' ')
);
const ATTRIBUTES: Record<string, string[]> = {
  td: ['colspan', 'rowspan', 'align'],
  th: ['colspan', 'rowspan', 'align', 'scope'],
  ol: ['start', 'type'],
  li: ['value'],
  details: ['open'],
  abbr: ['title']
};
// The colours of code that Lab's own highlighter gives.
const CODE_CLASS = /^(?:cm-[\w-]+|tok-[\w-]+|ͼ\w+)$/u;
const LEAVING = new Set(['http:', 'https:', 'mailto:']);
const IMAGE = /^data:image\/(?:png|gif|jpeg|webp);base64,[A-Za-z0-9+/=\s]+$/;
/** A README's own title stands below the tab's (h1) and the section's (h2). */
const HEADING_BELOW = 2;

/** HTML as nodes of `document` that are safe to show; nothing of it is loaded or run on the way. */
export function harden(html: string): DocumentFragment {
  const parsed = new DOMParser().parseFromString(html, 'text/html'); // an inert document: no loading, no scripts
  const fragment = document.createDocumentFragment();
  fragment.append(...childrenOf(parsed.body));
  return fragment;
}

function childrenOf(parent: Node): Node[] {
  return Array.from(parent.childNodes).flatMap(copy);
}

function copy(node: Node): Node[] {
  if (node.nodeType === Node.TEXT_NODE) {
    return [document.createTextNode(node.nodeValue ?? '')];
  }
  if (!isElement(node)) {
    return []; // comments and the like
  }
  const name = node.localName;
  if (GONE.has(name)) {
    return [];
  }
  if (/^h[1-6]$/.test(name)) {
    const level = Math.min(Number(name[1]) + HEADING_BELOW, 6);
    return [element(`h${level}`, childrenOf(node))];
  }
  switch (name) {
    case 'a':
      return link(node);
    case 'img':
      return image(node);
    case 'input':
      return [document.createTextNode(checkbox(node))];
  }
  if (!KEPT.has(name)) {
    return childrenOf(node);
  }
  const made = element(name, childrenOf(node));
  for (const attribute of ATTRIBUTES[name] ?? []) {
    const value = node.getAttribute(attribute);
    if (value !== null) {
      made.setAttribute(attribute, value);
    }
  }
  if (name === 'span') {
    const classes = Array.from(node.classList).filter(c => CODE_CLASS.test(c));
    made.classList.add(...classes);
  }
  return [made];
}

function link(node: Element): Node[] {
  const target = leavingUrl(node.getAttribute('href'));
  if (!target) {
    return childrenOf(node); // into this page, to a file beside the README, or worse
  }
  return [leavingLink(target, childrenOf(node))];
}

/** An image from elsewhere would tell its server who reads this: it becomes a link. */
function image(node: Element): Node[] {
  const source = node.getAttribute('src') ?? '';
  const alt = node.getAttribute('alt') ?? '';
  if (IMAGE.test(source)) {
    const made = element('img', []) as HTMLImageElement;
    made.src = source;
    made.alt = alt;
    return [made];
  }
  const target = leavingUrl(source);
  const text = document.createTextNode(alt || target || '');
  if (!target || node.closest('a')) {
    return [text];
  }
  return [leavingLink(target, [text])];
}

function leavingLink(target: string, children: Node[]): HTMLElement {
  const made = element('a', children) as HTMLAnchorElement;
  if (!made.textContent.trim() && !made.querySelector('img')) {
    made.textContent = target; // of an image without words; a link has to say where it leads
  }
  made.href = target;
  made.target = '_blank';
  made.rel = 'noopener noreferrer';
  return made;
}

function checkbox(node: Element): string {
  if (node.getAttribute('type') !== 'checkbox') {
    return '';
  }
  return node.hasAttribute('checked') ? '☑ ' : '☐ ';
}

function leavingUrl(value: string | null): string | null {
  const said = value?.trim() ?? '';
  if (!URL.canParse(said)) {
    return null; // relative ones too: what they are relative to is not here
  }
  const url = new URL(said);
  return LEAVING.has(url.protocol) ? url.href : null;
}

function element(name: string, children: Node[]): HTMLElement {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

function isElement(node: Node): node is Element {
  return node.nodeType === Node.ELEMENT_NODE;
}
