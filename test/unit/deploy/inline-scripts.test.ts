import { describe, expect, it } from 'vitest';
import {
  addPolicyElement,
  findInlineScripts,
  findInlineStyles,
  moveInlineScripts,
} from '@/scripts/deploy/inline-scripts';

describe('moveInlineScripts', () => {
  const page =
    '<html><head><meta charSet="utf-8"/><script src="/a.js" async=""></script></head><body><p>x</p>' +
    '<script id="_R_">(globalThis.T||(globalThis.T=[])).push({"a":["<b>"]});</script>' +
    '<script src="/b.js" async=""></script>' +
    '<script>one()</script><script>two("</p>")</script></body></html>';

  it('moves what is inline and leaves the rest, in order', () => {
    const { html, scripts } = moveInlineScripts(page, '/moved/');
    expect(scripts.map(({ code }) => code)).toEqual([
      '(globalThis.T||(globalThis.T=[])).push({"a":["<b>"]});',
      'one();\ntwo("</p>")',
    ]);
    const [named, joined] = scripts;
    expect(html).toBe(
      '<html><head><meta charSet="utf-8"/><script src="/a.js" async=""></script></head><body><p>x</p>' +
        `<script id="_R_" src="/moved/${named!.name}"></script>` +
        '<script src="/b.js" async=""></script>' +
        `<script src="/moved/${joined!.name}"></script></body></html>`,
    );
    expect(findInlineScripts(html)).toEqual([]);
  });

  it('names a file by its code', () => {
    const name = (code: string) => moveInlineScripts(`<script>${code}</script>`, '/').scripts[0]!.name;
    expect(name('a()')).toBe(name('a()'));
    expect(name('a()')).not.toBe(name('b()'));
  });
});

describe('what is left inline', () => {
  const find = (html: string) => [...findInlineScripts(html), ...findInlineStyles(html)];

  it.each([
    ['<script>a()</script>', 'an inline script'],
    ['<script type="module">a()</script>', 'an inline script'],
    ['<style>a{}</style>', 'a <style> element'],
    ['<p class="x" style="color:red">', 'a style attribute'],
    ['<body onload="a()">', 'an event handler attribute'],
  ])('is found: %s', (html, what) => {
    expect(find(html)).toEqual([what]);
  });

  it('is not what a text says', () => {
    expect(find('<p>style="x" onload="y"</p><script src="/a.js"></script>')).toEqual([]);
  });
});

describe('addPolicyElement', () => {
  it('puts the policy before anything that it could refuse', () => {
    expect(
      addPolicyElement('<head><meta charSet="utf-8"/><script src="/a.js"></script></head>', "p 'self'"),
    ).toBe(
      `<head><meta charSet="utf-8"/><meta http-equiv="Content-Security-Policy" content="p 'self'"/><script src="/a.js"></script></head>`,
    );
  });

  it('does not leave a page without one', () => {
    expect(() => addPolicyElement('<p>x</p>', 'p')).toThrow(/no <head>/);
  });
});
