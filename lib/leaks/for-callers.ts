/** What outputs give away as callers of the library get it: with names of options looked at. */
import { checkedCall, checkedTask, optionsOf, taskNames, withOptionsAt } from '../base/index.js';
import * as comparing from './compare.js';
import * as printing from './fingerprint.js';
import * as identifying from './identifiable.js';
import type { ExamineOptions } from './left-out.js';
import * as matching from './match.js';
import * as observing from './observe.js';
import * as recovering from './recover.js';
import * as heads from './recovery-head.js';
import * as same from './same-head.js';

const nothing = (): void => undefined;

/** @function */
export const observe: typeof observing.observe = checkedCall(observing.observe, 'observe', nothing);

/** @function */
export const fingerprint: typeof printing.fingerprint = withOptionsAt(
  printing.fingerprint,
  'fingerprint',
  1,
  optionsOf<printing.FingerprintOptions>({ ...taskNames, features: true, seed: true, leaveOut: true, parts: true }),
);

/** @function */
export const recoverFeatures: typeof recovering.recoverFeatures = withOptionsAt(
  recovering.recoverFeatures,
  'recoverFeatures',
  1,
  optionsOf<recovering.RecoverOptions>({
    ...{ ...taskNames, kind: true, seed: true, rounds: true, seconds: true, finish: taskNames.signal, leaveOut: true },
    parts: true,
  }),
);

/** @function */
export const recoveryHead: typeof heads.recoveryHead = withOptionsAt(heads.recoveryHead, 'recoveryHead', 2, taskNames);

/** @function */
export const sameHead: typeof same.sameHead = withOptionsAt(
  same.sameHead,
  'sameHead',
  2,
  optionsOf<ExamineOptions>({ ...taskNames, leaveOut: true }),
);

/** @function */
export const identifiableFeatures: typeof identifying.identifiableFeatures = withOptionsAt(
  identifying.identifiableFeatures,
  'identifiableFeatures',
  1,
  taskNames,
);

/** @function */
export const compareUpToRotation: typeof comparing.compareUpToRotation = checkedTask(
  comparing.compareUpToRotation,
  'compareUpToRotation',
  nothing,
);

/** @function */
export const matchFeatures: typeof matching.matchFeatures = checkedTask(
  matching.matchFeatures,
  'matchFeatures',
  nothing,
);
