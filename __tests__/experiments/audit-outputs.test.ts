import { expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditOutputs } from '../../lib/experiments/index.js';
import { leftOutCell, noticesOf } from '../../lib/results/index.js';
import { numbers } from '../leaks/data.js';

test('what a log leaves out is counted where the page shows it, and no image is said to be bad', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'audit-log-'));
  try {
    const { normal } = numbers(3);
    const lines = Array.from({ length: 30 }, (_, i) => [`r${i}`, ...Array.from({ length: 5 }, normal)].join());
    lines.splice(4, 0, '2026-11-01T00:02:20Z ERROR 503', 'r99,,,,,');
    const path = join(folder, 'log.csv');
    await writeFile(path, ['id,a,b,c,d,e', ...lines].join('\n'));
    const results = await auditOutputs(path, { recoverySeconds: 0 });
    const [set] = results.environment.datasets;
    expect([set.size, set.skipped, leftOutCell(set)]).toEqual([30, 2, '2']);
    expect(noticesOf(results)).not.toContainEqual(expect.objectContaining({ kind: 'left-out' }));
  } finally {
    await rm(folder, { recursive: true });
  }
});
