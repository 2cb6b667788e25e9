import { optionsOf, taskNames } from '../base/index.js';
import type { FetchOptions } from './consent.js';

export const fetchOptions = optionsOf<FetchOptions>({ ...taskNames, consent: true, offline: true });
