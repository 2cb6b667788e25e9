"""Holds what onnx/export.py builds and states against open_clip itself, for every published tag.

    python __tests__/onnx-export/open_clip_tags.py

No weights are fetched: open_clip's own create_model runs as with weights, up to the place where it would load them, and
says which transform it attaches and which activation the tag wants. Networks are made without memory (torch's meta
device). Models whose text half comes from the Hugging Face hub cannot be built here; they are counted. Exits with 1 where
anything differs.
"""

import argparse
import importlib.util
import json
import sys
import warnings
from pathlib import Path

import open_clip
import torch
from open_clip import factory
from open_clip.transformer import QuickGELU

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("export", ROOT / "onnx" / "export.py")
export = importlib.util.module_from_spec(spec)
sys.modules["export"] = export
spec.loader.exec_module(export)


# What needs weights or memory is left out; nothing else of create_model is.
factory.download_pretrained = lambda *args, **kwargs: "not fetched"
factory.load_checkpoint = lambda *args, **kwargs: None
factory._set_model_device_and_precision = lambda *args, **kwargs: None


def by_open_clip(name: str, tag: str) -> tuple:
    """(its transform, whether the tag wants QuickGELU), as create_model(name, pretrained=tag) has them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the activation: held against what export.py builds below
        model = open_clip.create_model(name, pretrained=tag)
    return model.visual.preprocess_cfg, bool(open_clip.get_pretrained_cfg(name, tag).get("quick_gelu", False))


def stated(config: dict) -> dict | None:
    """A transform of open_clip in the words of the file, written down here a second time."""
    numbers = {"mean": tuple(config["mean"]), "std": tuple(config["std"]), "interpolation": config["interpolation"]}
    if config["resize_mode"] == "squash":
        return {"name": "upsample", **numbers}
    return {"name": "timm", "cropPct": 1.0, **numbers} if config["resize_mode"] == "shortest" else None


def uses_quick_gelu(model) -> bool | None:
    """None for towers whose activation is none of open_clip's choosing (timm's networks, ResNets)."""
    own = [m for m in model.modules() if isinstance(m, (QuickGELU, torch.nn.GELU)) and "timm" not in type(m).__module__]
    return any(isinstance(m, QuickGELU) for m in own) if own else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", help="models whose name has this in it")
    args = parser.parse_args()
    counts = {"right": 0, "wrong": 0, "not built": 0}
    squashed = quick = 0
    for name, tag in open_clip.list_pretrained():
        if args.only and args.only not in name:
            continue
        try:
            with torch.device("meta"):
                config, wants_quick = by_open_clip(name, tag)
                model, _ = export.build("open_clip", name, tag, False, None)
        except Exception as error:
            counts["not built"] += 1
            print(f"not built: {name}:{tag}: {str(error).splitlines()[0][:120]}")
            continue
        found = export.own_transform("open_clip", name, tag, model)
        found = found and {key: tuple(value) if isinstance(value, (list, tuple)) else value for key, value in found.items()}
        built_quick = uses_quick_gelu(model)
        right = found == stated(config) and built_quick in (None, wants_quick)
        squashed += right and config["resize_mode"] == "squash"
        quick += right and wants_quick
        counts["right" if right else "wrong"] += 1
        if not right:
            print(f"wrong: {name}:{tag}: {json.dumps(found)} for {config}; QuickGELU {built_quick} for {wants_quick}")
    print(json.dumps({**counts, "squashed": squashed, "QuickGELU": quick}))
    sys.exit(1 if counts["wrong"] or not counts["right"] else 0)


if __name__ == "__main__":
    main()
