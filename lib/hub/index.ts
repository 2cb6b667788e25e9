/**
 * hub: names of repositories on the Hub of Hugging Face, and files that are fetched once.
 *
 * `parseHubName` and `parseHubData` take names apart. `listHubFiles` says what a repository has, `wantedHubFiles` what of it is
 * not here, `fetchHubFiles` and `fetchHubFile` bring it into the cache that Python's huggingface_hub shares. Nothing is fetched
 * that `FetchOptions.consent` does not agree to; listings alone are asked for without, to say how large it would be.
 */
export { agree, notHere, offlineIn, wantedInWords } from './consent.js';
export type { Consent, FetchOptions, Wanted } from './consent.js';
export { cachedHubRepos, snapshotOf } from './cache.js';
export { cachedHubFile, fetchHubFile, fetchHubFiles, readHubRange, readHubText, wantedHubFiles } from './fetch.js';
export type { HubFileRequest } from './fetch.js';
export { keepHubNumbers, keptHubNumbers, listHubFiles } from './listing.js';
export type { HubFile, HubListing, HubRepo } from './listing.js';
export { isHubName, parseHubData, parseHubName } from './names.js';
export type { HubDataName, HubName } from './names.js';
export { hubCacheDir, hubEndpoint } from './places.js';
export { fetchPublished, wantedPublished } from './published.js';
export type { Published } from './published.js';
export type { RepoType } from './places.js';
export { bytesInWords } from './size.js';
export type { Sum } from './sums.js';
