import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import path from 'node:path';
import { lockFile } from '../../lib/bytes/index.js';

/**
 * A real server of object storage on this machine: moto's (https://docs.getmoto.org), in a virtual environment of its own. Requests
 * go through a gate in which a test can count, hold, refuse or cut them.
 */
export interface ObjectServer {
  /** What a process needs in its environment to use it. */
  env: NodeJS.ProcessEnv;
  /** Requests so far, as `GET /bucket/key` with the query. */
  requests: string[];
  /** What is done with the next requests; `pass` unless a test says otherwise. */
  gate: (request: IncomingMessage) => Verdict | Promise<Verdict>;
  /** An object as a program of AWS sees it; null where there is none. */
  get(bucket: string, key: string): Promise<Buffer | null>;
  put(bucket: string, key: string, bytes: Uint8Array): Promise<void>;
  remove(bucket: string, key: string): Promise<void>;
  /** How many uploads in parts are neither finished nor given up. */
  uploads(bucket: string): Promise<number>;
  close(): Promise<void>;
}

/** `hold`: never answered. `cut`: the body ends half-way, with the connection. A status: refused, with a code as S3 has them. */
export type Verdict = 'pass' | 'hold' | 'cut' | [status: number, code: string];

const modules = 'import moto.server, flask_cors, py_partiql_parser';
const packages = ['moto[s3]>=5', 'flask', 'flask-cors'];

/** The server, with these buckets; null where there is no Python that has moto, and none can be made. */
export async function objectServer(buckets: readonly string[]): Promise<ObjectServer | null> {
  const python = await pythonWithMoto();
  if (python === null) return null;
  const child = spawn(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'], {
    env: { ...process.env, PYTHONUNBUFFERED: '1' },
  });
  const port = await portOf(child);
  const front = createServer(async (from, to) => {
    server.requests.push(`${from.method} ${from.url}`);
    pass(from, to, port, await server.gate(from));
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    ...{ credentials, region: 'us-east-1', forcePathStyle: true },
  });
  for (const Bucket of buckets) await client.send(new CreateBucketCommand({ Bucket }));
  const server: ObjectServer = {
    env: {
      ...withoutAws(),
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: 'us-east-1',
    },
    requests: [],
    gate: () => 'pass',
    async get(Bucket, Key) {
      const found = await client.send(new GetObjectCommand({ Bucket, Key })).catch((error: Error) => {
        if (error.name === 'NoSuchKey') return null;
        throw error;
      });
      return found && Buffer.from(await found.Body!.transformToByteArray());
    },
    async put(Bucket, Key, Body) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body }));
    },
    async remove(Bucket, Key) {
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
    },
    uploads: async (Bucket) => ((await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? []).length,
    async close() {
      client.destroy();
      const ended = Promise.all([once(child, 'close'), once(front, 'close')]);
      child.kill();
      front.close();
      front.closeAllConnections();
      await ended;
    },
  };
  return server;
}

/** An environment in which nothing of this machine's own settings for AWS is left. */
export const withoutAws = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => name.startsWith('AWS_'))
      .map((name) => [name, undefined]),
  ),
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
});

function pass(from: IncomingMessage, to: ServerResponse, port: number, verdict: Verdict): void {
  if (verdict === 'hold') return void from.resume();
  if (Array.isArray(verdict)) {
    const [status, code] = verdict;
    from.resume().on('end', () => {
      to.writeHead(status, { 'content-type': 'application/xml' });
      to.end(from.method === 'HEAD' ? '' : `<Error><Code>${code}</Code><Message>refused by the test</Message></Error>`);
    });
    return;
  }
  const onward = request({ port, host: '127.0.0.1', method: from.method, path: from.url, headers: from.headers });
  onward.on('error', () => to.destroy());
  onward.on('response', (answer) => {
    to.writeHead(answer.statusCode!, answer.headers);
    if (verdict === 'pass') return void answer.pipe(to);
    answer.once('data', (bytes: Buffer) => {
      to.write(bytes.subarray(0, bytes.length >> 1), () => to.destroy());
      answer.destroy();
    });
  });
  // A client that is killed while it sends must not leave a request that looks whole.
  from.on('aborted', () => onward.destroy());
  from.pipe(onward);
}

const has = (python: string): boolean => spawnSync(python, ['-c', modules]).status === 0;

async function pythonWithMoto(): Promise<string | null> {
  const given = process.env.FEATRECONSTRUCT_PYTHON ?? 'python3';
  if (has(given)) return given;
  if (spawnSync(given, ['--version']).status !== 0) return null;
  const cache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'featreconstruct');
  const folder = path.join(cache, 'moto-venv');
  const own = path.join(folder, 'bin', 'python');
  mkdirSync(cache, { recursive: true });
  // Two test files may want it at once.
  const lock = await lockFile(folder);
  try {
    if (has(own)) return own;
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
    for (const [program, args] of [[given, ['-m', 'venv', folder]] as const, [own, pip] as const]) {
      const ended = await new Promise<number | null>((resolve) => {
        spawn(program, args, { stdio: 'ignore', timeout: 300_000 })
          .on('error', () => resolve(1))
          .on('close', resolve);
      });
      if (ended !== 0) return null;
    }
    return has(own) ? own : null;
  } finally {
    await lock.release();
  }
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (text: Buffer): void => {
      said += text.toString();
      const [, port] = /Running on http:\/\/127\.0\.0\.1:(\d+)/.exec(said) ?? [];
      if (port) resolve(Number(port));
    };
    child.stdout!.on('data', hear);
    child.stderr!.on('data', hear);
    child.on('close', () => reject(new Error(`The server did not start: ${said}`)));
  });
}
