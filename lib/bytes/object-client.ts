import type { S3Client } from '@aws-sdk/client-s3';
import { FeatReconstructError, type ErrorCode } from '../base/index.js';
import type { ObjectName } from './object-name.js';

/**
 * The client of object storage: AWS' own, which is an optional dependency and is loaded here. It finds credentials, region and
 * other servers (`AWS_ENDPOINT_URL`: MinIO, R2, Ceph) as every program of AWS does.
 */

/** The client, with the package for its commands. */
export interface Storage {
  client: S3Client;
  sdk: typeof import('@aws-sdk/client-s3');
}

let connected: Promise<Storage> | undefined;

/** The client of this process. @throws FeatReconstructError where its package is not installed */
export function storage(): Promise<Storage> {
  connected ??= connect().catch((error: unknown) => {
    connected = undefined;
    throw error;
  });
  return connected;
}

async function connect(): Promise<Storage> {
  // Which Node the package will want next year is for whoever installs it, and would stand among the lines of every command.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const sdk = await import('@aws-sdk/client-s3').catch((error: unknown) => {
    throw new FeatReconstructError(
      `Expected the package @aws-sdk/client-s3, which reads and writes object storage, found that it cannot be loaded: run npm install @aws-sdk/client-s3 where featreconstruct is installed.`,
      { code: 'unavailable', cause: error },
    );
  });
  const open = (region: string | undefined, forcePathStyle: boolean): S3Client =>
    new sdk.S3Client({
      ...(region === undefined ? {} : { region }),
      forcePathStyle,
      // A bucket of another region is found by the answer of the wrong one.
      followRegionRedirects: true,
      // By default a server that stays silent is waited for without end.
      requestHandler: { connectionTimeout: 10_000, socketTimeout: 60_000 },
    });
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const first = open(AWS_REGION || AWS_DEFAULT_REGION, false);
  // Neither the environment nor the profile has one: other servers need none, and AWS redirects.
  const region = await first.config.region().catch(() => 'us-east-1');
  // Other servers seldom have a host name for each bucket. A profile may name one, too.
  const other = otherServer() ?? (await first.config.serviceConfiguredEndpoint?.());
  first.destroy();
  return { client: open(region, other !== undefined), sdk };
}

/** The server that is not AWS', as the environment names it. */
const otherServer = (): string | undefined =>
  process.env.AWS_ENDPOINT_URL_S3 || process.env.AWS_ENDPOINT_URL || undefined;

/** What went wrong, by the name that the server or the client gives it. */
export const errorName = (error: unknown): string => (error instanceof Error ? error.name : '');

/**
 * An error of the client as one that says what to do. Errors of ours and a stopped task's stay as they are.
 * @param path as it was typed
 */
export function storageError(
  error: unknown,
  path: string,
  { bucket, key }: ObjectName,
  doing: 'read' | 'write',
): FeatReconstructError | Error {
  if (error instanceof FeatReconstructError) return error;
  const { name, message, code, $metadata } = error as Error & {
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  if (name === 'AbortError') return error as Error;
  const say = (text: string, as: ErrorCode): FeatReconstructError =>
    new FeatReconstructError(text, { cause: error, code: as });
  const status = $metadata?.httpStatusCode;
  const server = otherServer() ?? 'the server';
  switch (name) {
    case 'NoSuchKey': {
      const typed = /%[0-9a-f]{2}/i.test(key) ? ' A key is taken as it is typed: %20 is no blank.' : '';
      return say(
        `Expected an object at '${path}', found none in that bucket: check the key; the shards below a folder are given with a slash at its end.${typed}`,
        'not-found',
      );
    }
    case 'NoSuchBucket':
      return say(
        `Expected a bucket '${bucket}' for '${path}', found none at ${server}: check its name, AWS_ENDPOINT_URL and the region.`,
        'not-found',
      );
    case 'InvalidBucketName':
      return say(
        `Expected the name of a bucket in '${path}', found '${bucket}', which is none: check it.`,
        'bad-input',
      );
    case 'CredentialsProviderError':
      return say(
        `Expected credentials to ${doing} '${path}', found none (${message}): set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role.`,
        'system',
      );
    case 'InvalidAccessKeyId':
    case 'SignatureDoesNotMatch':
    case 'InvalidToken':
    case 'ExpiredToken':
    case 'RequestTimeTooSkewed':
      return say(
        `Expected credentials that ${server} takes to ${doing} '${path}', found that it refused them (${name}): renew them, and check AWS_PROFILE, AWS_ENDPOINT_URL and the clock.`,
        'system',
      );
  }
  if (status === 403) {
    const rights = doing === 'read' ? 's3:GetObject and s3:ListBucket' : 's3:PutObject and s3:AbortMultipartUpload';
    return say(
      `Expected the right to ${doing} '${path}', found access denied: give these credentials ${rights} on the bucket.`,
      'system',
    );
  }
  if (status === undefined || status >= 500) {
    const why = [code ?? name, message].filter(Boolean).join(': ');
    return say(
      `Expected an answer of ${server} to ${doing} '${path}', found none that can be used (${why}): check AWS_ENDPOINT_URL and the network, then run again.`,
      'unavailable',
    );
  }
  return say(`Could not ${doing} '${path}': ${server} answered ${status} ${name}: ${message}`, 'system');
}
