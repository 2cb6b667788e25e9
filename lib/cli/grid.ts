import { UsageError } from '../base/index.js';

/**
 * Reads one number or a grid of numbers as people write them: `0`, `1e-3`, `10^(-8:1:2)` (start:step:end, both ends
 * included), `1, 10, 100`. mathjs parses; an expression with a range is evaluated once for each number of the range.
 */
export async function parseGrid(option: string, text: string): Promise<number[]> {
  if (/^[-+.\d][\d.eE+-]*$/.test(text) && Number.isFinite(Number(text))) return [Number(text)];
  const { parse, ConstantNode } = await import('mathjs/number');
  const wrong = (what: string): UsageError =>
    new UsageError(`Expected a number or a grid such as "10^(-8:1:2)" for ${option}, found "${text}" (${what}).`);
  const values: number[] = [];
  for (const part of text.split(',')) {
    let results: unknown[];
    try {
      const tree = parse!(part);
      const ranges = tree.filter((node) => node.type === 'RangeNode') as unknown as RangeLike[];
      if (ranges.length > 1) throw wrong('more than one range in an expression');
      results =
        ranges.length === 0
          ? [tree.evaluate()]
          : rangeValues(ranges[0]).map((value) =>
              tree.transform((node) => (node.type === 'RangeNode' ? new ConstantNode!(value) : node)).evaluate(),
            );
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw wrong((error as Error).message);
    }
    for (const result of results) {
      if (typeof result !== 'number' || !Number.isFinite(result)) throw wrong(`${String(result)} is no finite number`);
      values.push(result);
    }
  }
  if (values.length === 0) throw wrong('the range is empty');
  return values;
}

/** What is used of mathjs' node of a range. */
interface RangeLike {
  start: { evaluate(): number };
  step: { evaluate(): number } | null;
  end: { evaluate(): number };
}

function rangeValues(range: RangeLike): number[] {
  const [start, step, end] = [range.start.evaluate(), range.step?.evaluate() ?? 1, range.end.evaluate()];
  const count = Math.floor((end - start) / step + 1e-9) + 1;
  if (!(count >= 1 && count <= 10_000)) return [];
  // start + i * step, not a running sum, so that 0:0.1:1 ends at 1.
  return Array.from({ length: count }, (_, i) => start + i * step);
}
