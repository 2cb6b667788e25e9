import type { Point } from '../check.js';
import { point as oneModel } from './one-model.js';
import { point as fewerFeatures } from './fewer-features.js';
import { point as acrossModels } from './across-models.js';
import { point as acrossDataSets } from './across-data-sets.js';
import { point as moreFeatures } from './more-features.js';
import { point as fitTime } from './fit-time.js';
import { point as extractTime } from './extract-time.js';
import { point as exports } from './exports.js';
import { point as badInput } from './bad-input.js';
import { point as allPairs } from './all-pairs.js';
import { point as leakCurves } from './leak-curves.js';
import { point as fingerprint } from './fingerprint.js';
import { point as recoverSphere } from './recover-sphere.js';
import { point as recoverRectified } from './recover-rectified.js';
import { point as audit } from './audit.js';
import { point as madeData } from './made-data.js';
import { point as failingCommands } from './failing-commands.js';
import { point as stores } from './stores.js';
import { point as shards } from './shards.js';
import { point as publishedModels } from './published-models.js';

/** What has to be shown, in order. */
export const points: readonly Point[] = [
  ...[oneModel, fewerFeatures, acrossModels, acrossDataSets, moreFeatures],
  ...[fitTime, extractTime, exports, badInput, allPairs],
  ...[leakCurves, fingerprint, recoverSphere, recoverRectified, audit, madeData],
  ...[failingCommands, stores, shards, publishedModels],
];
