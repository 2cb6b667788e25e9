import { readFile } from 'node:fs/promises';
import { FeatReconstructError } from '../base/index.js';
import { checkRegularFile } from '../bytes/index.js';
import { cleanText } from './clip-text.js';

/** Texts to token ids, as CLIP's text tower reads them. */
export interface ClipTokenizer {
  /**
   * Start token, tokens, end token; cut to `length` with the end token last, or padded with 0 to it.
   * @returns `length` ids
   */
  encode(text: string, length: number): number[];
}

/** OpenAI's and open_clip's names of the first token and of the last one, at which the tower reads. */
const starts = ['<|startoftext|>', '<start_of_text>'];
const ends = ['<|endoftext|>', '<end_of_text>'];

/** What is used of `@huggingface/tokenizers`, whose own types do not resolve under Node's rules. */
interface HubTokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
  token_to_id(token: string): number | undefined;
}

/**
 * Reads a CLIP tokenizer in Hugging Face's format; nothing is looked for on a network.
 *
 * Cleaning, start and end, cutting and padding with 0 are done here, as open_clip does them. The text tower reads at the
 * largest id, which is the end token's, so that the padding after it has no effect.
 * @param file tokenizer.json
 * @throws FeatReconstructError when the file is missing, no tokenizer, or not CLIP's
 */
export async function loadClipTokenizer(file: string): Promise<ClipTokenizer> {
  const tokenizer = await open(file);
  const find = (names: readonly string[]): number => {
    const id = names.map((name) => tokenizer.token_to_id(name)).find((found) => found !== undefined);
    if (id !== undefined) return id;
    throw new FeatReconstructError(
      `Expected a CLIP tokenizer in ${file}, found none of the tokens ${names.join(', ')} in it: give the tokenizer.json that was published with the model.`,
    );
  };
  const [start, end] = [find(starts), find(ends)];
  return {
    encode(text, length) {
      const pieces = tokenizer.encode(cleanText(text), { add_special_tokens: false }).ids;
      const ids = [start, ...pieces.slice(0, length - 2), end];
      return [...ids, ...new Array<number>(length - ids.length).fill(0)];
    },
  };
}

async function open(file: string): Promise<HubTokenizer> {
  await checkRegularFile(file);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new FeatReconstructError(
      `Expected a tokenizer at ${file}, found none that can be read: give the tokenizer.json of the CLIP model.`,
      { cause: error },
    );
  }
  const { Tokenizer } = (await import('@huggingface/tokenizers')) as unknown as {
    Tokenizer: new (json: object, config: object) => HubTokenizer;
  };
  try {
    return new Tokenizer(JSON.parse(text) as object, {});
  } catch (error) {
    throw new FeatReconstructError(
      `Expected a tokenizer in Hugging Face's format in ${file}, found something else (${(error as Error).message}): give the tokenizer.json of the CLIP model.`,
      { cause: error },
    );
  }
}
