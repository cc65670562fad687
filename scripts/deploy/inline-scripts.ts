import { createHash } from 'node:crypto';

/*
 * Next writes a page's data into inline scripts, which a strict Content-Security-Policy only allows by their
 * hash (another policy for every build) or by a nonce (a page made anew for every visitor). Moving them into
 * files of their own leaves one policy for all builds and hosts: `script-src 'self'`.
 */

/** A script that was inline. */
export interface MovedScript {
  /** Name of its file; carries a hash of the code. */
  name: string;
  code: string;
}

/** Neighbours without attributes; what has attributes is moved alone and keeps them. */
const INLINE_SCRIPTS = /(?:<script>[^]*?<\/script>)+|<script(?<attributes>\s[^>]*)>(?<code>[^]*?)<\/script>/g;
const PLAIN_SCRIPT = /<script>([^]*?)<\/script>/g;
const HAS_SOURCE = /\ssrc=/;

/**
 * Replaces inline scripts by scripts of the same place and order that are fetched: none is async or deferred,
 * so each still runs before the parser goes on.
 *
 * @param baseUrl where the files will be served, with a slash at the end
 */
export function moveInlineScripts(html: string, baseUrl: string): { html: string; scripts: MovedScript[] } {
  const scripts: MovedScript[] = [];
  const moved = html.replace(INLINE_SCRIPTS, (element, ...rest) => {
    const { attributes, code } = rest.at(-1) as { attributes?: string; code?: string };
    if (attributes !== undefined && HAS_SOURCE.test(attributes)) return element;
    const text = code ?? Array.from(element.matchAll(PLAIN_SCRIPT), ([, plain]) => plain!).join(';\n');
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
    const script = { name: `${hash}.js`, code: text };
    scripts.push(script);
    return `<script${attributes ?? ''} src="${baseUrl}${script.name}"></script>`;
  });
  return { html: moved, scripts };
}

/** Scripts in a page that the policy would refuse, in words; nothing when it is clean. */
export function findInlineScripts(html: string): string[] {
  const found = [];
  if (/<script(?![^>]*\ssrc=)[\s>]/.test(html)) found.push('an inline script');
  // Inside a tag, and not in a text.
  if (/<[a-z][^<>]*\son[a-z]+=/i.test(html)) found.push('an event handler attribute');
  return found;
}

/** Styles in a page that the policy would refuse, in words. */
export function findInlineStyles(html: string): string[] {
  const found = [];
  if (/<style[\s>]/.test(html)) found.push('a <style> element');
  if (/<[a-z][^<>]*\sstyle=/i.test(html)) found.push('a style attribute');
  return found;
}

/** Puts a policy into a page itself, for hosts that send no headers. It must stand before any script. */
export function addPolicyElement(html: string, policy: string): string {
  const element = `<meta http-equiv="Content-Security-Policy" content="${policy}"/>`;
  const withPolicy = html.replace(/<head>(?:<meta charset="utf-8"\/>)?/i, (start) => start + element);
  if (withPolicy === html) throw new Error('A page has no <head> that a policy could be put into.');
  return withPolicy;
}
