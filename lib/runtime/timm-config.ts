import { roundHalfToEven, type PixelStep } from '../images/index.js';
import { filterOf, tripleOf, type Followed } from './stated.js';

/** timm's data configuration of a pretrained model (timm/data/config.py). */
interface TimmConfig {
  input_size?: unknown;
  interpolation?: unknown;
  crop_pct?: unknown;
  crop_mode?: unknown;
  crop_border_pixels?: unknown;
  mean?: unknown;
  std?: unknown;
}

/** `pretrained_cfg` of a config.json, or the file's own fields, as early versions of timm wrote them; null where it is not timm's. */
export function timmConfigOf(config: object): TimmConfig | null {
  const { pretrained_cfg: nested, architecture } = config as { pretrained_cfg?: unknown; architecture?: unknown };
  if (typeof nested === 'object' && nested !== null) return nested;
  return typeof architecture === 'string' && 'input_size' in config ? config : null;
}

/** Height and width of (channels, height, width). */
export function timmSize({ input_size: size }: TimmConfig): [number, number] | null {
  const isSize = Array.isArray(size) && size.length === 3 && size.every((side) => Number.isInteger(side) && side > 0);
  return isSize ? [size[1] as number, size[2] as number] : null;
}

/** timm's transform for evaluation (timm/data/transforms_factory.py, transforms_imagenet_eval), with its defaults. */
export function followedTimm(config: TimmConfig, size: readonly [number, number]): Followed {
  const { crop_mode: mode = 'center', crop_border_pixels: border } = config;
  const cropPct = Number(config.crop_pct ?? 0.875) || 0.875;
  const interpolation = filterOf(config.interpolation ?? 'bicubic');
  const mean = tripleOf(config.mean ?? [0.485, 0.456, 0.406]);
  const std = tripleOf(config.std ?? [0.229, 0.224, 0.225]);
  if (!interpolation) return { why: { kind: 'interpolation', filter: String(config.interpolation) } };
  if (!mean || !std) return { why: { kind: 'normalisation' } };
  if (border) return { why: { kind: 'borders' } };
  const scaled: [number, number] = [Math.floor(size[0] / cropPct), Math.floor(size[1] / cropPct)];
  const target: [number, number] = [...size];
  if (mode === 'squash' || mode === 'border') {
    const fill = mean.map((value) => Math.min(255, Math.max(0, roundHalfToEven(255 * value)))) as [
      number,
      number,
      number,
    ];
    const steps: PixelStep[] =
      mode === 'squash'
        ? [
            { op: 'resize', size: scaled, interpolation },
            { op: 'centerCrop', size: target },
          ]
        : [
            { op: 'resize', size: scaled, interpolation, fit: 'within' },
            { op: 'centerCrop', size: target, fill },
          ];
    return { transform: { name: 'steps', steps, mean, std } };
  }
  if (mode !== null && mode !== 'center') return { why: { kind: 'crop-mode', mode: String(mode) } };
  // A share above 1 makes a smaller image in a black frame, which the preset does not do.
  if (cropPct > 1) {
    const [height, width] = scaled;
    const resize: PixelStep =
      height === width
        ? { op: 'resize', size: height, interpolation }
        : { op: 'resize', size: scaled, interpolation, fit: 'covers' };
    return { transform: { name: 'steps', steps: [resize, { op: 'centerCrop', size: target }], mean, std } };
  }
  return { transform: { name: 'timm', mean, std, cropPct, interpolation } };
}
