export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** NaN and Infinity, which Python writes and JSON does not have. */
const pythonNumbers = /(?<=[:,[\s])(NaN|-?Infinity)(?=\s*[,\]}])/g;

/** A document of JSON, with null for Python's NaN and Infinity; undefined where the text is none. */
export const parseJson = (text: string): Json | undefined =>
  parse(text) ?? (/NaN|Infinity/.test(text) ? parse(text.replace(pythonNumbers, 'null')) : undefined);

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // The caller says what is wrong.
    return undefined;
  }
}
