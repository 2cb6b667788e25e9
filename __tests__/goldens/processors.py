"""What transformers' and timm's own processors make of images: the goldens of __tests__/runtime/processors.test.ts.

    pip install numpy pillow safetensors torch torchvision timm "transformers<5"
    python __tests__/goldens/processors.py        # writes __tests__/fixtures/runtime

processors.json  for each case the file as it lies beside a model, and the name of its tensor.
processors.safetensors  (images, 3, height, width), float32. The images are those of `pattern`, which the tests have too.
Pillow 13.0, transformers 4.57 (its processors on Pillow), timm 1.0.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import timm.data
import transformers as t
from PIL import Image
from safetensors.numpy import save_file
from transformers.models.deprecated.efficientformer.image_processing_efficientformer import (
    EfficientFormerImageProcessor,
)

from images import pattern

warnings.filterwarnings("ignore")
OUT = Path(__file__).resolve().parent.parent / "fixtures" / "runtime"
SIZES = [(13, 21), (22, 13), (16, 17), (40, 40), (9, 30), (6, 7)]


def square(side):
    return {"height": side, "width": side}


def edge(side):
    return {"shortest_edge": side}


def processors():
    for resample in range(6):
        yield t.ViTImageProcessor(size=square(8), resample=resample)
    yield t.ViTImageProcessor(size={"height": 8, "width": 12}, image_mean=[0.1, 0.2, 0.3], image_std=[0.4, 0.5, 0.6])
    yield t.ViTImageProcessor(size=square(8), do_normalize=False)
    yield t.ViTImageProcessor(size=square(8), do_rescale=False)
    yield t.ViTImageProcessor(size=square(8), rescale_factor=1 / 127.5)
    yield t.DeiTImageProcessor(size=square(11), crop_size=square(8))
    yield t.BeitImageProcessor(size=square(10), crop_size={"height": 7, "width": 9})
    yield t.BeitImageProcessor(size=square(8), do_center_crop=False)
    yield t.ConvNextImageProcessor(size=edge(8))
    yield t.ConvNextImageProcessor(size=edge(9), crop_pct=0.95, resample=3)
    yield t.LevitImageProcessor(size=edge(8), crop_size=square(8))
    yield t.PoolFormerImageProcessor(size=edge(8), crop_size=square(8))
    yield t.PoolFormerImageProcessor(size=edge(8), crop_size=square(8), crop_pct=0.7)
    yield t.EfficientNetImageProcessor(size=square(9))
    yield t.EfficientNetImageProcessor(
        size=square(9), rescale_offset=True, rescale_factor=1 / 127.5, include_top=False, resample=3
    )
    yield t.EfficientNetImageProcessor(
        size=square(10), do_center_crop=True, crop_size=square(7), image_std=[0.478, 0.473, 0.474]
    )
    yield t.MobileNetV1ImageProcessor(size=edge(9), crop_size=square(8))
    yield t.MobileNetV2ImageProcessor(size=edge(11), crop_size=square(8))
    yield t.MobileViTImageProcessor(size=edge(9), crop_size=square(8))
    yield t.MobileViTImageProcessor(size=edge(7), crop_size=square(10), do_flip_channel_order=False)
    yield t.BitImageProcessor(size=edge(9), crop_size=square(8))
    yield t.BitImageProcessor(size=edge(9), crop_size={"height": 8, "width": 12}, do_normalize=False)
    yield t.BitImageProcessor(size=edge(9), crop_size=square(5), do_resize=False)
    yield t.CLIPImageProcessor(size=edge(8), crop_size=square(8))
    yield t.PvtImageProcessor(size=square(8))
    yield t.SegformerImageProcessor(size=square(8))
    yield t.SiglipImageProcessor(size=square(8))
    yield EfficientFormerImageProcessor(size=square(8), do_center_crop=False)
    yield EfficientFormerImageProcessor(size=square(10), crop_size=square(8))
    for resample in (0, 2, 3):
        yield t.ViTImageProcessorFast(size=square(8), resample=resample)
    yield t.DeiTImageProcessorFast(size=square(11), crop_size=square(8))
    yield t.ConvNextImageProcessorFast(size=edge(9), crop_pct=0.95, resample=3)
    yield t.LevitImageProcessorFast(size=edge(8), crop_size=square(8))
    yield t.PoolFormerImageProcessorFast(size=edge(8), crop_size=square(8))
    yield t.EfficientNetImageProcessorFast(size=square(9), resample=3)
    yield t.MobileNetV2ImageProcessorFast(size=edge(11), crop_size=square(8))
    yield t.MobileViTImageProcessorFast(size=edge(7), crop_size=square(10))
    yield t.CLIPImageProcessorFast(size=edge(8), crop_size=square(8))


TIMM = [
    ((3, 8, 8), "center", 0.875, "bicubic"),
    ((3, 8, 8), "center", 0.95, "nearest"),
    ((3, 8, 8), "squash", 1.0, "bicubic"),
    ((3, 8, 8), "squash", 0.7, "bilinear"),
    ((3, 8, 8), "border", 1.0, "bicubic"),
    ((3, 8, 8), "border", 0.7, "bicubic"),
    ((3, 8, 12), "center", 0.875, "bicubic"),
    ((3, 12, 8), "center", 0.7, "bilinear"),
    ((3, 11, 11), "center", 1.15, "bicubic"),
    ((3, 8, 12), "squash", 0.7, "lanczos"),
    ((3, 8, 12), "border", 0.7, "bicubic"),
]


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    images = [Image.fromarray(pattern(*size)) for size in SIZES]
    cases, tensors = [], {}

    def add(name, file, config, outputs):
        key = f"{len(cases):02d} {name}"
        cases.append({"name": key, "file": file, "config": config})
        tensors[key] = np.stack([np.asarray(each, dtype=np.float32) for each in outputs])

    for processor in processors():
        outputs = [processor(each, return_tensors="pt")["pixel_values"][0] for each in images]
        config = json.loads(processor.to_json_string())
        add(type(processor).__name__, "preprocessor_config.json", config, outputs)
    for size, mode, share, interpolation in TIMM:
        config = {
            "input_size": size,
            "crop_mode": mode,
            "crop_pct": share,
            "interpolation": interpolation,
            "mean": [0.3, 0.4, 0.5],
            "std": [0.2, 0.25, 0.3],
        }
        transform = timm.data.create_transform(**timm.data.resolve_data_config(config), is_training=False)
        stated = {"architecture": "made", "pretrained_cfg": config}
        add(f"timm {mode}", "config.json", stated, [transform(each).numpy() for each in images])
    save_file(tensors, OUT / "processors.safetensors")
    rows = ",\n    ".join(json.dumps(each) for each in cases)
    (OUT / "processors.json").write_text(f'{{\n  "sizes": {json.dumps(SIZES)},\n  "cases": [\n    {rows}\n  ]\n}}\n')


if __name__ == "__main__":
    main()
