import { describe, expect, it } from 'vitest';

import { pictureUrl } from '../../src/waterfall/picture';

const colours: Record<string, string> = {
  '--jp-ui-font-color1': ' rgba(0, 0, 0, 0.87)',
  '--jp-brand-color1': '#2196f3',
  '--jp-warn-color1': ''
};
const themed = (svg: string): string =>
  decodeURIComponent(
    pictureUrl(svg, name => colours[name] ?? '')
      .split(',')
      .slice(1)
      .join(',')
  );

describe('a picture as an image', () => {
  it('has the colours of the page, which an image cannot see', () => {
    expect(themed('<g style="fill:currentColor"/>')).toBe(
      '<g style="fill:rgba(0, 0, 0, 0.87)"/>'
    );
    expect(themed('<g style="fill:var(--jp-brand-color1,#4285c8)"/>')).toBe(
      '<g style="fill:#2196f3"/>'
    );
  });

  it('keeps its own colour where the theme has none', () => {
    const svg = '<g style="fill:var(--jp-warn-color1,#d98c1f)"/>';
    expect(themed(svg)).toBe(svg);
  });

  it('is an address that holds it all, whatever letters it has', () => {
    const svg = '<svg><text>é # % " &amp; 100%</text></svg>';
    expect(pictureUrl(svg, () => '')).toMatch(
      /^data:image\/svg\+xml;charset=utf-8,[\w%.!~*'()-]+$/
    );
    expect(themed(svg)).toBe(svg);
  });

  it('is not broken out of by a theme', () => {
    const url = pictureUrl(
      '<g fill="currentColor"/>',
      () => '"/><script>x</script>'
    );
    expect(decodeURIComponent(url)).not.toContain('<script');
  });
});
