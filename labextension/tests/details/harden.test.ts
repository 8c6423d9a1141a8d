import { describe, expect, it } from 'vitest';

import { harden } from '../../src/details/harden';

function shown(html: string): string {
  const host = document.createElement('div');
  host.append(harden(html));
  return host.innerHTML;
}

const LEAVES = 'target="_blank" rel="noopener noreferrer"';

describe('what of a README is shown', () => {
  it.each<[string, string, string]>([
    [
      'words and lists',
      '<p>a <em>b</em> <code>c</code></p><ul><li>d</li></ul>',
      '<p>a <em>b</em> <code>c</code></p><ul><li>d</li></ul>'
    ],
    [
      'tables',
      '<table><tbody><tr><td align="right" colspan="2" onclick="x()">1</td></tr></tbody></table>',
      '<table><tbody><tr><td colspan="2" align="right">1</td></tr></tbody></table>'
    ],
    [
      'headings, below those of the tab',
      '<h1 id="top">A</h1><h2>B</h2><h6>C</h6>',
      '<h3>A</h3><h4>B</h4><h6>C</h6>'
    ],
    [
      'links that leave, without a way back',
      '<a href="https://a.example/x" onclick="y()" id="z">x</a>',
      `<a href="https://a.example/x" ${LEAVES}>x</a>`
    ],
    [
      'addresses of people',
      '<a href="mailto:a@b.example">x</a>',
      `<a href="mailto:a@b.example" ${LEAVES}>x</a>`
    ],
    [
      'check marks of lists',
      '<li><input type="checkbox" checked> a</li><li><input type="checkbox"> b</li>',
      '<li>☑  a</li><li>☐  b</li>'
    ],
    [
      'colours of code, and no other class',
      '<pre><code class="jp-Dialog"><span class="cm-keyword lm-Menu">def</span></code></pre>',
      '<pre><code><span class="cm-keyword">def</span></code></pre>'
    ],
    [
      'images that came with it',
      '<img src="data:image/png;base64,iVBORw0K" alt="dot" onload="x()">',
      '<img src="data:image/png;base64,iVBORw0K" alt="dot">'
    ]
  ])('%s', (_name, html, expected) => {
    expect(shown(html)).toBe(expected);
  });
});

describe('what of a README is inert', () => {
  it.each<[string, string, string]>([
    ['scripts', 'a<script>alert(1)</script>b', 'ab'],
    [
      'scripts in vectors',
      'a<svg onload="alert(1)"><script>alert(1)</script></svg>b',
      'ab'
    ],
    [
      'handlers',
      '<p onmouseover="alert(1)" onfocus="x" tabindex="0">a</p>',
      '<p>a</p>'
    ],
    ['handlers of broken images', '<img src="x" onerror="alert(1)">', ''],
    ['javascript: links', '<a href="javascript:alert(1)">a</a>', 'a'],
    [
      'hidden javascript: links',
      '<a href=" java&#9;script:alert(1)">a</a>',
      'a'
    ],
    [
      'data: links',
      '<a href="data:text/html,<script>alert(1)</script>">a</a>',
      'a'
    ],
    [
      'links into this page, where Lab has ids of its own',
      '<a href="#jp-main">a</a><a href="/lab/tree/x">b</a><a href="../api/shutdown">c</a><a href="//evil.example">d</a>',
      'abcd'
    ],
    [
      'forms',
      '<form action="/api/shutdown" method="post"><button>go</button><input name="x"><textarea>t</textarea><select><option>o</option></select></form>',
      'go'
    ],
    [
      'frames and objects',
      '<iframe src="https://a.example"></iframe><object data="x">o</object><embed src="x">',
      ''
    ],
    [
      'styles',
      '<style>* { display: none }</style><p style="position:fixed;inset:0">a</p>',
      '<p>a</p>'
    ],
    [
      "ids and names that would shadow Lab's",
      '<p id="main">a</p><a name="cloudshelf">b</a><img name="body" src="data:image/gif;base64,R0lG" alt="">',
      '<p>a</p>b<img src="data:image/gif;base64,R0lG" alt="">'
    ],
    [
      'commands of Lab',
      '<p data-commandlinker-command="application:close" data-commandlinker-args="{}">a</p>',
      '<p>a</p>'
    ],
    [
      'pages of another base, and redirections',
      '<base href="https://a.example/"><meta http-equiv="refresh" content="0;url=https://a.example">a',
      'a'
    ],
    [
      'unknown elements, but not their words',
      '<marquee><x-element>a</x-element></marquee>',
      'a'
    ],
    [
      'templates and comments',
      '<template><script>x</script></template><!-- <script>x</script> -->a',
      'a'
    ],
    [
      'mutations that parse another way the second time',
      '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>a',
      'a'
    ]
  ])('%s', (_name, html, expected) => {
    expect(shown(html)).toBe(expected);
  });

  it('remote images are links, and nothing is loaded', () => {
    expect(shown('<img src="https://a.example/pixel.png" alt="logo">')).toBe(
      `<a href="https://a.example/pixel.png" ${LEAVES}>logo</a>`
    );
    expect(shown('<img src="https://a.example/pixel.png">')).toBe(
      `<a href="https://a.example/pixel.png" ${LEAVES}>https://a.example/pixel.png</a>`
    );
    expect(
      shown(
        '<a href="https://ci.example"><img src="https://a.example/badge.svg" alt="tests"></a>'
      )
    ).toBe(`<a href="https://ci.example/" ${LEAVES}>tests</a>`);
    expect(
      shown(
        '<picture><source srcset="https://a.example/x"><img src="https://a.example/y" srcset="https://a.example/z" alt="p"></picture>'
      )
    ).toBe(`<a href="https://a.example/y" ${LEAVES}>p</a>`);
    expect(
      shown('<img src="data:image/svg+xml;base64,PHN2Zy8+" alt="s">')
    ).toBe('s');
  });
});
