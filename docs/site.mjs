// A plugin of typedoc for `npm run site`: a written page is called by its first heading, and not by its file.
import { Converter } from 'typedoc';

export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const [first] = document.content;
    const [, title] = /^\s*# (.+)\n/.exec(first?.text ?? '') ?? [];
    if (title === undefined) throw new Error(`Expected ${document.name} to begin with a heading, found none.`);
    document.name = title;
  });
}
