/**
 * hub: names of repositories on the Hub of Hugging Face, and files that are fetched once.
 *
 * `parseHubName` and `parseHubData` take names apart. `listHubFiles` says what a repository has, `wantedHubFiles` what
 * of it is not here, `fetchHubFiles` and `fetchHubFile` bring it into the cache, which is shared with Python's
 * huggingface_hub. `fetchPublished` fetches from other addresses. No file is fetched to be kept unless
 * `FetchOptions.consent` agrees; listings, and the few bytes that say what else is needed, are read without, so that
 * the question can say how much it would be.
 */
export { agree, offlineIn, wantedInWords } from './consent.js';
export type { Consent, FetchOptions, Wanted } from './consent.js';
export { cachedHubRepos, snapshotOf } from './cache.js';
export { cachedHubFile, fetchHubFile, fetchHubFiles, readHubRange, readHubText, wantedHubFiles } from './fetch.js';
export { keepHubNumbers, keptHubNumbers, listHubFiles } from './listing.js';
export type { HubFile, HubListing } from './listing.js';
export { parseHubData, parseHubName } from './names.js';
export type { HubName } from './names.js';
export { hubCacheDir } from './places.js';
export { fetchPublished, wantedPublished } from './published.js';
export type { Published } from './published.js';
export { bytesInWords } from './size.js';
export type { Sum } from './sums.js';
export { fetchOptions } from './known-options.js';
