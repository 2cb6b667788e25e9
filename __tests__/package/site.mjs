// Looks at the site that `npm run site` builds: no dead link, image or anchor inside it, every page in reach of the front page.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const site = join(root, 'out', 'site');
const wrong = [];
const pages = new Map();

function open(name) {
  if (!pages.has(name)) {
    const text = readFileSync(join(site, name), 'utf8');
    const ids = new Set([...text.matchAll(/\s(?:id|name)="([^"]*)"/g)].map(([, id]) => id));
    pages.set(name, { ids, targets: [...text.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, target]) => target) });
  }
  return pages.get(name);
}

const queue = ['index.html'];
for (const name of queue) {
  for (const raw of open(name).targets) {
    const target = raw.replaceAll('&amp;', '&').replaceAll('&#39;', "'");
    if (/^(https?:|data:|mailto:)/.test(target)) continue;
    const [path, anchor] = target.split('#').map(decodeURIComponent);
    const other = path === '' ? name : posix.normalize(posix.join(dirname(name).replaceAll('\\', '/'), path));
    if (other.startsWith('..') || !existsSync(join(site, other))) wrong.push(`${name}: ${target} leads to nothing`);
    else if (other.endsWith('.html')) {
      if (!queue.includes(other)) queue.push(other);
      if (anchor && !open(other).ids.has(anchor)) wrong.push(`${name}: ${target} has no such place`);
    }
  }
}

const { projectDocuments } = JSON.parse(readFileSync(join(root, 'typedoc.site.json'), 'utf8'));
const documents = queue.filter((name) => name.startsWith('documents/'));
if (documents.length !== projectDocuments.length) {
  wrong.push(`${documents.length} of ${projectDocuments.length} written pages can be reached from the front page`);
}

if (wrong.length > 0) throw new Error(`The site has faults:\n${wrong.join('\n')}`);
console.log(`${queue.length} pages, ${documents.length} of them written; no dead link.`);
