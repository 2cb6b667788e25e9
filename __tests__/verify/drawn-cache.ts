import { copyFile, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openGraph, registeredModel, registeredModels, writeDrawnCheckpoint } from '../../lib/models/index.js';

/**
 * A cache of the Hub that has drawn weights for published models, as Python's huggingface_hub would have left them: whoever
 * runs by name runs on these.
 * @param tokenizer put beside the text towers
 */
export async function drawnCache(cache: string, names: readonly string[], tokenizer: string): Promise<void> {
  const repos = new Set(names.map((name) => registeredModel(name)!.repo));
  for (const repo of repos) {
    const models = registeredModels().filter((model) => model.repo === repo);
    const commit = 'c'.repeat(40);
    const folder = path.join(cache, `models--${repo.replace('/', '--')}`);
    const snapshot = path.join(folder, 'snapshots', commit);
    await mkdir(snapshot, { recursive: true });
    await mkdir(path.join(folder, 'refs'), { recursive: true });
    await writeFile(path.join(folder, 'refs', 'main'), commit);
    // Both towers of a CLIP model lie in one checkpoint.
    const graphs = await Promise.all(models.map(({ graph }) => openGraph(graph)));
    const [{ file, classCount }] = models;
    await writeDrawnCheckpoint(
      { ...graphs[0], weights: new Map(graphs.flatMap(({ weights }) => [...weights])) },
      path.join(snapshot, file),
      classCount === null ? {} : { classes: classCount },
    );
    if (models.some((model) => model.tokenizer)) await copyFile(tokenizer, path.join(snapshot, 'tokenizer.json'));
  }
}

/** A folder of data in which CIFAR is that of `data`, and Places365's validation set is made of its photographs. */
export async function dataWithPlaces(folder: string, data: string, images: number): Promise<void> {
  await mkdir(path.join(folder, 'val_256'), { recursive: true });
  for (const name of ['cifar-10-batches-bin', 'cifar-100-binary']) {
    await symlink(path.join(data, name), path.join(folder, name));
  }
  const scenes = path.join(data, 'scenes');
  const photographs: string[] = [];
  for (const name of (await readdir(scenes)).filter((each) => !each.startsWith('.')).sort()) {
    for (const file of (await readdir(path.join(scenes, name))).sort()) photographs.push(path.join(scenes, name, file));
  }
  const list: string[] = [];
  for (let i = 0; i < images; i++) {
    const name = `Places365_val_${String(i + 1).padStart(8, '0')}.jpg`;
    await symlink(photographs[i % photographs.length], path.join(folder, 'val_256', name));
    list.push(`${name} ${i % 365}`);
  }
  await writeFile(path.join(folder, 'places365_val.txt'), `${list.join('\n')}\n`);
  const categories = Array.from({ length: 365 }, (_, i) => `/a/place_${i} ${i}`);
  await writeFile(path.join(folder, 'categories_places365.txt'), `${categories.join('\n')}\n`);
}
