"""Logits of 20 images through transformers' and timm's own processors, against `featreconstruct extract`: docs/exports.md.

    pip install numpy pillow onnx onnxruntime safetensors torch torchvision timm "transformers<5"
    npm run build && python __tests__/goldens/logits.py FOLDER IMAGES [transformers|timm ...]

IMAGES is a folder of photographs; 10 are taken as they are, 10 cut to other shapes and sizes. For each processor a small
network of random weights at its size is written to FOLDER with the processor's own file beside it. The logits of the pixels
that the library makes are ONNX Runtime's; ours are those of the store. logits.json beside this script keeps the rows (those
of a kind that runs are made anew), and `exports_page.py` writes the page from them.
"""

import json
import shutil
import subprocess
import sys
import warnings
from datetime import date
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from safetensors.numpy import load_file

from exports_page import LOGITS, ROOT, build_of, installed, read_rows, save_rows, write_page

warnings.filterwarnings("ignore")
CLASSES = 16


def square(side):
    return {"height": side, "width": side}


def edge(side):
    return {"shortest_edge": side}


def transformers_processors():
    """Each class that is followed: as it is by default, and as published models set it."""
    import transformers as t
    from transformers.models.deprecated.efficientformer.image_processing_efficientformer import (
        EfficientFormerImageProcessor,
    )

    half, imagenet = [0.5] * 3, dict(image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225])
    for cls, *settings in [
        (t.ViTImageProcessor, {}, dict(size=square(384)), dict(size=square(384), resample=3, **imagenet), dict(resample=1),
         dict(size={"height": 160, "width": 240}, resample=4), dict(resample=5), dict(resample=0)),
        (t.DeiTImageProcessor, {}, dict(size=square(438), crop_size=square(384))),
        (t.BeitImageProcessor, {}, dict(size=square(224), do_center_crop=False, resample=2, image_mean=half, image_std=half)),
        (t.ConvNextImageProcessor, {}, dict(size=edge(224), crop_pct=0.875, resample=3, **imagenet), dict(size=edge(384), resample=3)),
        (t.LevitImageProcessor, {}),
        (t.PoolFormerImageProcessor, {}, dict(crop_pct=0.95), dict(crop_pct=None)),
        (t.EfficientNetImageProcessor, {}, dict(size=square(224), **imagenet), dict(size=square(600), resample=3, include_top=False)),
        (EfficientFormerImageProcessor, {}),
        (t.MobileNetV1ImageProcessor, {}, dict(size=edge(192 + 27), crop_size=square(192))),
        (t.MobileNetV2ImageProcessor, {}),
        (t.MobileViTImageProcessor, {}, dict(size=edge(288), crop_size=square(256))),
        (t.BitImageProcessor, {}, dict(size=edge(448), crop_size=square(448), resample=2, image_mean=half, image_std=half),
         dict(size=edge(256), crop_size=square(224), **imagenet)),
        (t.CLIPImageProcessor, {}, dict(size=edge(336), crop_size=square(336))),
        (t.PvtImageProcessor, {}),
        (t.SegformerImageProcessor, {}, dict(size=square(224))),
        (t.SiglipImageProcessor, {}, dict(size=square(384), resample=2)),
    ]:
        for given in settings:
            yield cls(**given), given
    for name in ("ViT", "DeiT", "Beit", "ConvNext", "Levit", "PoolFormer", "EfficientNet", "MobileNetV2", "MobileViT",
                 "CLIP", "Pvt", "Segformer", "Siglip"):
        cls = getattr(t, f"{name}ImageProcessorFast", None)
        if cls is not None:
            yield cls(), {}


def transformers_rows():
    for processor, given in transformers_processors():
        def pixels(image, processor=processor):
            return np.asarray(processor(image, return_tensors="pt")["pixel_values"][0], dtype=np.float32)

        name = type(processor).__name__ + (" " + json.dumps(given).replace('"', "") if given else "")
        yield name, {"preprocessor_config.json": json.loads(processor.to_json_string())}, pixels


def timm_rows():
    """Every set of numbers that a published model of timm has."""
    import timm

    seen = {}
    for model in timm.list_models(pretrained=True):
        stated = timm.get_pretrained_cfg(model).to_dict()
        keys = ("input_size", "crop_mode", "crop_pct", "interpolation", "mean", "std", "crop_border_pixels")
        config = {key: stated[key] for key in keys if stated.get(key) is not None}
        seen.setdefault(json.dumps(config), model)
    for text, model in seen.items():
        config = json.loads(text)
        resolved = timm.data.resolve_data_config(pretrained_cfg=config)
        transform = timm.data.create_transform(**resolved, is_training=False)
        name = f"{model} {config['crop_mode']} {config['interpolation']} {config['crop_pct']} {config['input_size'][1:]}"
        beside = {"config.json": {"architecture": model, "pretrained_cfg": config}}
        yield name, beside, lambda image, transform=transform: transform(image).numpy()


def images_of(folder, out):
    """10 photographs as they are; 10 cut and resized to what 150 x 150 is not, without loss."""
    files = sorted(folder.rglob("*.jpg"))
    files = files[:: len(files) // 20][:20]
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    shapes = [(150, 97), (61, 150), (640, 480), (333, 500), (1023, 401), (224, 224), (257, 256), (37, 41), (800, 640), (499, 375)]
    for i, file in enumerate(files):
        if i < 10:
            shutil.copy(file, out / f"{i:02d}.jpg")
        else:
            width, height = shapes[i - 10]
            image = Image.open(file).convert("RGB")
            scale = max(width / image.width, height / image.height, 1)
            image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
            image.crop((0, 0, width, height)).save(out / f"{i:02d}.png")
    return sorted(out.iterdir())


def network(height, width):
    """A convolution, a rectifier, means over eighths of the image, a linear layer: all pixels and their places tell."""
    rng = np.random.default_rng(0)
    stride, channels = 4, 8
    kernel = (rng.normal(size=(channels, 3, 7, 7)) / 12).astype("float32")
    rows, cols = (height - 7) // stride + 1, (width - 7) // stride + 1
    pool = [max(1, rows // 8), max(1, cols // 8)]
    places = ((rows - pool[0]) // pool[0] + 1) * ((cols - pool[1]) // pool[1] + 1)
    head = (rng.normal(size=(CLASSES, channels * places)) / np.sqrt(channels * places)).astype("float32")
    bias = rng.normal(size=CLASSES).astype("float32")
    nodes = [
        helper.make_node("Conv", ["pixel_values", "kernel"], ["conv"], strides=[stride, stride]),
        helper.make_node("Relu", ["conv"], ["relu"]),
        helper.make_node("AveragePool", ["relu"], ["pool"], kernel_shape=pool, strides=pool),
        helper.make_node("Flatten", ["pool"], ["features"]),
        helper.make_node("Gemm", ["features", "head", "bias"], ["logits"], transB=1),
    ]
    graph = helper.make_graph(
        nodes, "small",
        [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["batch", 3, height, width])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", CLASSES])],
        [numpy_helper.from_array(value, key) for key, value in dict(kernel=kernel, head=head, bias=bias).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def compare(folder, images, beside, pixels):
    made = [pixels(Image.open(file).convert("RGB")) for file in images]
    own = folder / "model"
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir()
    model = network(*made[0].shape[1:])
    onnx.save(model, own / "model.onnx")
    for name, value in beside.items():
        (own / name).write_text(json.dumps(value))
    session = onnxruntime.InferenceSession(own / "model.onnx", providers=["CPUExecutionProvider"])
    theirs = np.concatenate([session.run(["logits"], {"pixel_values": each[None]})[0] for each in made])
    store = folder / "store.safetensors"
    store.unlink(missing_ok=True)
    done = subprocess.run(
        ["node", str(ROOT / "dist/cli/main.js"), "extract", "--model", str(own), "--dataset", f"folder:{images[0].parent}",
         "--store", str(store)],
        capture_output=True, text=True,
    )
    if done.returncode != 0:
        return dict(verdict=f"refused: {done.stderr.splitlines()[0]}")
    said = [line for line in (done.stdout + done.stderr).splitlines() if "is not followed" in line]
    if said:
        return dict(verdict=f"not followed: {said[0].split('is not followed: ')[1]}")
    ours = load_file(store)["logits"].astype("float64")
    deviation = np.sqrt(np.mean((theirs - theirs.mean(0)) ** 2))
    worst = float(np.abs(ours - theirs).max() / deviation)
    return dict(difference=worst, verdict="equal" if worst <= 1e-4 else "differs")


def main(folder, images, wanted):
    folder.mkdir(parents=True, exist_ok=True)
    rows = read_rows(LOGITS)
    kinds = dict(transformers=(transformers_rows, ["transformers", "torchvision", "pillow"]),
                 timm=(timm_rows, ["timm", "torchvision", "pillow"]))
    wanted = wanted or list(kinds)
    if set(wanted) & set(kinds):
        files = images_of(images, folder / "images")
    for kind, (makers, packages) in kinds.items():
        if kind not in wanted:
            continue
        rows = [row for row in rows if row["kind"] != kind]
        made_with = f"{date.today()}, {', '.join(installed(packages))}, this project at {build_of()}"
        for name, beside, pixels in makers():
            row = dict(kind=kind, name=name, made_with=made_with, **compare(folder, files, beside, pixels))
            rows.append(row)
            print(kind, name, row.get("difference"), row["verdict"], flush=True)
        save_rows(LOGITS, rows)
    write_page()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
