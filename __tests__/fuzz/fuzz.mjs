/**
 * Coverage-guided fuzzing of every reader, by Jazzer.js (libFuzzer). It is no dependency of the project, since it brings native
 * code for one use: it is fetched once, at the version below.
 *
 *     npm run build && node __tests__/fuzz/fuzz.mjs [--seconds 60] [--only png,csv] [--out out/fuzz] [--node NODE]
 *
 * It needs Linux with glibc 2.38 or later (Debian 13, Ubuntu 24.04), macOS or Windows; NODE is the Node that runs it.
 *
 * Each reader begins with fixtures and with what earlier runs kept in OUT/corpus. Faults are in OUT/findings, one file for each
 * place in the code; a mended one belongs in __tests__/fuzz/corpus/READER, where `npm test` reads it again.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readers } from './readers.mjs';
import { filesOf } from './seeds.mjs';

const version = '4.0.0';
const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    only: { type: 'string' },
    out: { type: 'string', default: 'out/fuzz' },
    node: { type: 'string', default: process.execPath },
  },
});
const out = resolve(flags.out);
const jazzer = join(out, 'jazzer');
const cli = join(jazzer, 'node_modules', '@jazzer.js', 'core', 'dist', 'cli.js');
if (!existsSync(cli)) {
  mkdirSync(jazzer, { recursive: true });
  const install = ['install', '--no-save', '--prefix', jazzer, `@jazzer.js/core@${version}`];
  spawnSync('npm', install, { stdio: 'inherit', shell: process.platform === 'win32' });
}
const names = flags.only?.split(',') ?? Object.keys(readers);

for (const name of names) {
  const reader = readers[name];
  if (!reader) throw new Error(`Expected readers out of ${Object.keys(readers).join(', ')}, found '${name}'.`);
  const slug = name.replace(/\W/g, '-');
  const corpus = join(out, 'corpus', slug);
  const findings = join(out, 'findings', slug);
  mkdirSync(corpus, { recursive: true });
  for (const [i, file] of filesOf(name).entries()) cpSync(file, join(corpus, `${i}-${basename(file)}`));
  const args = [
    ...[cli, resolve('__tests__/fuzz/target.mjs'), corpus],
    ...['-i', '/dist/', '-e', 'node_modules', '--disableBugDetectors', '.*', '--timeout', '20000', '--'],
    ...[`-max_total_time=${flags.seconds}`, '-max_len=65536', '-rss_limit_mb=3000', `-artifact_prefix=${out}/`],
    ...['-print_final_stats=1', '-verbosity=1'],
  ];
  const env = { ...process.env, READER: name, FINDINGS: findings };
  const child = spawn(flags.node, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => (text += part));
  const code = await new Promise((done) => child.on('close', done));
  const runs = /stat::number_of_executed_units:\s*(\d+)/.exec(text)?.[1] ?? '?';
  const edges = [...text.matchAll(/cov: (\d+)/g)].at(-1)?.[1] ?? '?';
  const found = existsSync(findings) ? readdirSync(findings).filter((file) => !file.endsWith('.txt')) : [];
  console.log(
    `${name.padEnd(15)} ${runs.padStart(9)} files  ${edges.padStart(6)} edges  ${found.length} faults  ${code === 0 ? '' : `ended with ${code}`}`,
  );
  if (code !== 0) console.log(text.split('\n').slice(-25).join('\n'));
}
