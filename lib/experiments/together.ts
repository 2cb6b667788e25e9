import type { Results } from '../results/index.js';

/** Runs of one experiment as one result; what is not a list is that of the first run. */
export function together(parts: readonly Results[]): Results {
  const [first] = parts;
  const models = new Map(parts.flatMap(({ environment }) => environment.models.map((each) => [each.name, each])));
  const datasets = new Map(parts.flatMap(({ environment }) => environment.datasets.map((each) => [each.spec, each])));
  const samples = parts.flatMap((part) => part.samples ?? []);
  const crossValidations = parts.flatMap((part) => part.crossValidations ?? []);
  return {
    ...first,
    rows: parts.flatMap(({ rows }) => rows),
    spectra: parts.flatMap(({ spectra }) => spectra),
    ...(samples.length > 0 ? { samples } : {}),
    ...(crossValidations.length > 0 ? { crossValidations } : {}),
    failures: parts.flatMap(({ failures }) => failures),
    environment: { ...first.environment, models: [...models.values()], datasets: [...datasets.values()] },
  };
}
