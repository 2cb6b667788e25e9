/** Text that is markup already. Everything else is escaped before it is put into a page. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What may stand in a template: text and numbers are escaped, lists joined, null and false left out. */
export type Content = Markup | string | number | null | undefined | false | readonly Content[];

/** A tagged template whose insertions are escaped, so that a name out of a file stays a name. */
export function markup(strings: TemplateStringsArray, ...values: Content[]): Markup {
  return new Markup(strings.reduce((text, part, i) => text + part + (i < values.length ? toText(values[i]) : ''), ''));
}

function toText(content: Content): string {
  if (content === null || content === undefined || content === false) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(toText).join('');
  return escape(String(content).replace(inFigure, '\u00a0'));
}

/** A blank inside a figure: `100.00 %`, `1 − 2e-9`, `95.2 – 97.1 %` stand on one line. */
const inFigure = /(?<=\d) (?=[%−–])|(?<=\d [−–]) (?=\d)/g;

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** For text and for attributes in quotes, in HTML and in SVG. Characters that XML cannot hold are dropped. */
export const escape = (text: string): string =>
  text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '').replace(/[&<>"']/g, (c) => entities[c]);

/** JSON inside a script element: no `<`, so that nothing in it ends the element. */
export const jsonScript = (value: unknown): Markup => new Markup(JSON.stringify(value).replaceAll('<', '\\u003c'));
