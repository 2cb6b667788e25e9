import type { ResultRow } from 'featreconstruct';
import type { ExpectedRow } from './expected.js';

/** What a row of results has to show. Null where the independent answer that it needs is not there. */
export type Bar = (row: ResultRow, expected: ExpectedRow | null) => Verdict | null;

export interface Verdict {
  bar: string;
  figure: string;
  held: boolean;
}

/** Every test image keeps its class. */
export const allAgree: Bar = ({ agreed, nTest }) => ({
  bar: 'agreement 100.00 %',
  figure: `${agreed} of ${nTest}`,
  held: agreed === nTest,
});

/** Every image within the span keeps its class. */
export const allInSpanAgree: Bar = ({ agreementInSpan, inSpanShare, nTest }) => ({
  bar: 'agreement in span 100 %',
  figure:
    agreementInSpan === null
      ? 'no image in span'
      : `${(100 * agreementInSpan).toFixed(2)} % of ${images(inSpanShare, nTest)}`,
  held: agreementInSpan === 1,
});

export const noneInSpan: Bar = ({ inSpanShare, nTest }) => ({
  bar: 'no image in span',
  figure: `${images(inSpanShare, nTest)} of ${nTest}`,
  held: inSpanShare === 0,
});

export const imageCounts =
  (train: number, test: number): Bar =>
  ({ nTrain, nTest }) => ({
    bar: `${train} / ${test} images`,
    figure: `${nTrain} / ${nTest}`,
    held: nTrain === train && nTest === test,
  });

export const rowSpaceRecovered: Bar = ({ r2RowSpace }) => ({
  bar: 'R² row space >= 0.999999',
  figure: rSquared(r2RowSpace),
  held: r2RowSpace !== null && r2RowSpace >= 0.999999,
});

/** The features themselves come back. */
export const featuresRecovered: Bar = ({ mse, variance }) => {
  const ratio = mse === null || variance === null ? NaN : mse / variance;
  return { bar: 'mse <= 1e-9 of variance', figure: ratio.toExponential(2), held: ratio <= 1e-9 };
};

export const rankIs =
  (rank: number): Bar =>
  (row) => ({ bar: `rank ${rank}`, figure: String(row.rank), held: row.rank === rank });

export const rankAsExpected: Bar = (row, expected) => expected && rankIs(expected.rank)(row, expected);

/** Within this many images of the independent answer, which comes from another extraction. */
export const agreedWithin =
  (most: number): Bar =>
  ({ agreed }, expected) =>
    expected && {
      bar: `agreed within ${most} of ${expected.agreed}`,
      figure: String(agreed),
      held: agreed !== null && Math.abs(agreed - expected.agreed) <= most,
    };

export const r2AsExpected: Bar = ({ r2 }, expected) =>
  expected && {
    bar: `R² within 1e-3 of ${expected.r2.toFixed(6)}`,
    figure: rSquared(r2),
    held: r2 !== null && Math.abs(r2 - expected.r2) <= 1e-3,
  };

/** As many images within the span, to one in a hundred: the line is drawn in float32's last digits. */
export const spanAsExpected: Bar = ({ inSpanShare, nTest }, expected) =>
  expected && {
    bar: `in span within 1 % of ${images(expected.inSpanShare, nTest)}`,
    figure: String(images(inSpanShare, nTest)),
    held: inSpanShare !== null && Math.abs(inSpanShare - expected.inSpanShare) <= 0.01,
  };

/** Accuracy against the labels, to the digit that was published, in percent. */
export const accuracyAsPublished =
  (percent: number): Bar =>
  ({ accuracy }) => ({
    bar: `accuracy ${percent.toFixed(1)} % as published`,
    figure: accuracy ? `${(100 * accuracy.original).toFixed(2)} %` : 'none',
    held: accuracy !== null && (100 * accuracy.original).toFixed(1) === percent.toFixed(1),
  });

/** Shown beside the exact fit; it has no bar of its own but to be there. */
export const isThere: Bar = ({ agreement }) => ({
  bar: 'a row is there',
  figure: agreement === null ? 'diverged' : `agreement ${(100 * agreement).toFixed(2)} %`,
  held: true,
});

const images = (share: number | null, n: number): number | null => share && Math.round(share * n);

const rSquared = (value: number | null): string =>
  value === null ? 'none' : 1 - value < 1e-4 && value <= 1 ? `1 − ${(1 - value).toExponential(1)}` : value.toFixed(6);
