import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { UsageError } from '../base/index.js';

/** What a repository of the Hub holds. */
export type RepoType = 'model' | 'dataset';

/** Whether a variable is set to one of the words that huggingface_hub takes for on. */
const isOn = (value: string | undefined): boolean => /^(1|on|yes|true)$/i.test(value ?? '');

/** The path in a variable, with `~` and `$NAME` replaced, which no shell has done. */
function expanded(value: string): string {
  const named = value.replace(/\$(\w+|\{\w+\})/g, (all, name: string) => process.env[name.replace(/[{}]/g, '')] ?? all);
  return path.resolve(named.replace(/^~(?=$|[\\/])/, homedir()));
}

/** The folder of Hugging Face's tools: HF_HOME, else `huggingface` in the cache folder. */
function home(): string {
  const { HF_HOME, XDG_CACHE_HOME } = process.env;
  if (HF_HOME) return expanded(HF_HOME);
  return path.join(XDG_CACHE_HOME ? expanded(XDG_CACHE_HOME) : path.join(homedir(), '.cache'), 'huggingface');
}

/** The folder of the Hub's files, the same as Python's: HF_HUB_CACHE, else `hub` in HF_HOME. */
export function hubCacheDir(): string {
  const given = process.env.HF_HUB_CACHE || process.env.HUGGINGFACE_HUB_CACHE;
  return given ? expanded(given) : path.join(home(), 'hub');
}

/**
 * The address of the Hub: HF_ENDPOINT, for a mirror, else huggingface.co. Without a slash at its end.
 * @throws UsageError where HF_ENDPOINT is no address
 */
export function hubEndpoint(): string {
  const given = process.env.HF_ENDPOINT?.trim();
  if (!given) return 'https://huggingface.co';
  const url = URL.canParse(given) ? new URL(given) : null;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      `Expected an address in HF_ENDPOINT such as https://huggingface.co, found '${given}': correct it or unset it.`,
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** Whether HF_HUB_OFFLINE is on, or TRANSFORMERS_OFFLINE, which huggingface_hub also reads. */
export const isOffline = (): boolean => isOn(process.env.HF_HUB_OFFLINE || process.env.TRANSFORMERS_OFFLINE);

/**
 * The token: HF_TOKEN, else that of the file that `hf auth login` writes; null without one, or where
 * HF_HUB_DISABLE_IMPLICIT_TOKEN is on.
 * @throws UsageError where it has other signs than a token has
 */
export async function hubToken(): Promise<string | null> {
  const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN, HF_TOKEN_PATH, HF_HUB_DISABLE_IMPLICIT_TOKEN } = process.env;
  if (isOn(HF_HUB_DISABLE_IMPLICIT_TOKEN)) return null;
  const file = HF_TOKEN_PATH ? expanded(HF_TOKEN_PATH) : path.join(home(), 'token');
  const text = HF_TOKEN || HUGGING_FACE_HUB_TOKEN || (await readFile(file, 'utf8').catch(() => ''));
  const token = text.trim();
  if (token !== '' && !/^[\x21-\x7e]+$/.test(token)) {
    throw new UsageError(
      'Expected a token of Hugging Face in HF_TOKEN or its token file (hf_…), found one with spaces or other signs in it: set it again.',
    );
  }
  return token || null;
}
