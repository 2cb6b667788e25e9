import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The written pages as people read them: headings, links, code blocks. */

export const root = process.cwd();

/** All of them, from the root on, with `/` between names. */
export const pageNames: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  'bench/README.md',
  'onnx/README.md',
  'examples/README.md',
];

/** A fenced block, and what the comment above it says of how it is tested. */
export interface CodeBlock {
  /** Of the fence, counted from 1. */
  line: number;
  language: string;
  text: string;
  /** `<!-- run: … -->` above it: what stands between the marks; null where nothing does. */
  note: string | null;
}

export interface Page {
  name: string;
  text: string;
  headings: { line: number; text: string; anchor: string }[];
  links: { line: number; target: string }[];
  blocks: CodeBlock[];
  /** First lines of blocks that are indented instead of fenced. */
  indented: number[];
}

export function readPage(name: string): Page {
  const text = readFileSync(path.join(root, name), 'utf8').replaceAll('\r\n', '\n');
  const page: Page = { name, text, headings: [], links: [], blocks: [], indented: [] };
  const anchors = new Map<string, number>();
  let block: CodeBlock | null = null;
  let note: string | null = null;
  let list = false;
  let before = '';
  for (const [i, content] of text.split('\n').entries()) {
    const line = i + 1;
    const [, fence] = /^\s*```(.*)$/.exec(content) ?? [];
    if (block) {
      if (fence === undefined) block.text += `${content}\n`;
      else block = null;
      continue;
    }
    if (fence !== undefined) {
      block = { line, language: fence.trim(), text: '', note };
      page.blocks.push(block);
      note = null;
      continue;
    }
    const [, comment] = /^<!-- (.*) -->$/.exec(content) ?? [];
    if (comment !== undefined) note = comment;
    else if (content !== '') note = null;
    if (/^([-*]|\d+\.) /.test(content)) list = true;
    else if (/^\S/.test(content)) list = false;
    if (!list && before === '' && /^ {4}\S/.test(content)) page.indented.push(line);
    before = content;
    const [, heading] = /^#{1,6} (.+)$/.exec(content) ?? [];
    if (heading !== undefined) {
      const slug = slugOf(heading);
      const seen = anchors.get(slug) ?? 0;
      anchors.set(slug, seen + 1);
      page.headings.push({ line, text: heading, anchor: seen === 0 ? slug : `${slug}-${seen}` });
    }
    const prose = content.replace(/`[^`]*`/g, '');
    for (const [, target] of prose.matchAll(/\]\(([^()\s]+(?:\([^()\s]*\))?)\)/g)) page.links.push({ line, target });
    for (const [, target] of prose.matchAll(/<(https?:[^>]+)>/g)) page.links.push({ line, target });
    for (const [, target] of prose.matchAll(/(?:href|src)="([^"]+)"/g)) page.links.push({ line, target });
  }
  return page;
}

/** As GitHub makes an anchor of a heading: letters, digits, `_` and `-`; spaces to hyphens; the rest is dropped. */
const slugOf = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
