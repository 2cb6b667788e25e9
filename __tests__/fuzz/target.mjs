/** What the fuzzer calls, for the reader that READER names. Faults are kept once each, by where they come from, in FINDINGS. */
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fault } from './outcome.mjs';
import { readers } from './readers.mjs';

const name = process.env.READER;
const reader = readers[name];
const findings = process.env.FINDINGS;
const file = join(mkdtempSync(join(tmpdir(), 'fuzz-')), `x${reader.ending}`);
mkdirSync(findings, { recursive: true });
/** A file of some kilobytes that takes longer promises what it does not hold. */
const slow = 2000;

export async function fuzz(data) {
  writeFileSync(file, data);
  const begun = performance.now();
  const error = await fault(reader, file);
  const took = performance.now() - begun;
  if (error) keep(`${error.name}-${placeOf(error)}`, data, `${error.stack}`);
  else if (took > slow) keep(`slow-${Math.round(took / 1000)}s`, data, `${Math.round(took)} ms`);
}

function keep(kind, data, text) {
  const at = join(findings, `${name.replace(/\W/g, '-')}-${kind.replace(/[^\w.-]+/g, '_').slice(0, 80)}`);
  if (existsSync(at)) return;
  writeFileSync(at, data);
  writeFileSync(`${at}.txt`, text);
}

/** The first line of ours in a stack: file and number. */
const placeOf = ({ stack = '' }) => /dist\/([\w./-]+\.js:\d+)/.exec(stack)?.[1] ?? 'elsewhere';
