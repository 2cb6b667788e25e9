import { UsageError } from '../base/index.js';
import { linesOfFile } from './class-names.js';
import { openaiTemplates } from './zero-shot-templates.js';

const knownTemplates: Readonly<Record<string, readonly string[]>> = {
  simple: ['a photo of a {}.'],
  openai: openaiTemplates,
};

/**
 * Templates of prompts.
 * @param templates the templates themselves, `simple`, `openai`, or a file with one on each line; {} is the class name
 * @throws UsageError where there are none, or one has no {}
 */
export async function readTemplates(templates: string | readonly string[]): Promise<readonly string[]> {
  const found =
    typeof templates === 'string'
      ? (knownTemplates[templates] ?? (await linesOfFile(templates, knownTemplates)))
      : templates;
  const wrong = found.find((template) => !template.includes('{}'));
  if (found.length > 0 && wrong === undefined) return found;
  throw new UsageError(
    `Expected templates with {} for the class name, as in "a photo of a {}.", found ${wrong === undefined ? 'none' : `"${wrong}"`}.`,
  );
}
