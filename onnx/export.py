"""Export a PyTorch classifier as one .onnx file and check the file against PyTorch.

    python onnx/export.py NAME [--pretrained | --checkpoint FILE] [--mean … --std … --crop-pct …] [--out FILE] [--size N]

`python onnx/export.py --help` lists every option, onnx/README.md explains the names. The library itself reads any ONNX
classifier and needs neither this script nor Python.
"""

import argparse
import copy
import importlib
import json
import math
import re
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

OPSET = 17  # read by every ONNX Runtime since 1.12
TOLERANCE = 1e-5  # largest difference from PyTorch, in units of the tensor's scale (its root mean square)
CHECKED_IMAGES = 4
TRANSFORM_KEY = "featreconstruct.transform"  # in the file's metadata: how a picture becomes the network's input

# What the names of the published experiments meant: (library, name in it, weights, size of the images). timm has renamed the
# 21,843-class ViT since, and its plain `convnext_base` now means weights that ImageNet-22k went into. Every model was run on
# 224 x 224 images, Inception-v4 too.
PUBLISHED = {
    "resnet18": ("torchvision", "resnet18", "IMAGENET1K_V1", 224),
    "resnet50": ("torchvision", "resnet50", "IMAGENET1K_V1", 224),
    "vit_base_patch16_224_in21k": ("timm", "vit_base_patch16_224.augreg_in21k", None, 224),
    "densenet121": ("timm", "densenet121.ra_in1k", None, 224),
    "inception_v4": ("timm", "inception_v4.tf_in1k", None, 224),
    "convnext_base": ("timm", "convnext_base.fb_in1k", None, 224),
    "mixer_b16_224": ("timm", "mixer_b16_224.goog_in21k_ft_in1k", None, 224),
    "ViT-B-32": ("open_clip", "ViT-B-32", "laion2b_s34b_b79k", 224),
}
LIBRARIES = ("timm", "torchvision", "open_clip")


class ExportError(Exception):
    """A message for the person at the terminal."""


@dataclass
class Tower:
    """A network that becomes one file: a classifier, or one of the two halves of a CLIP model."""

    network: object
    input_name: str
    output_name: str
    batch: object  # (CHECKED_IMAGES, ...): what the file is checked on
    suffix: str = ""  # between the file's name and its ending


# ---- names ----


def library(name: str):
    """Imports one of the three libraries, or says how to get it."""
    try:
        return importlib.import_module(name)
    except Exception as error:  # ImportError where it is missing, RuntimeError where it does not fit the installed torch
        raise ExportError(
            f"Expected to import {name}, but found: {error}. Run `pip install -r onnx/requirements.txt`."
        ) from error


def has_model(library_name: str, name: str) -> bool:
    module = library(library_name)
    if library_name == "timm":
        return module.is_model(name)
    return name in (module.models.list_models() if library_name == "torchvision" else module.list_models())


def resolve(name: str) -> tuple:
    """NAME → (library, name in it, tag of the weights or None, size of the images or None)."""
    if name in PUBLISHED:
        return PUBLISHED[name]
    prefix, slash, rest = name.partition("/")
    candidates, rest = ((prefix,), rest) if slash and prefix in LIBRARIES else (LIBRARIES, name)
    bare, _, tag = rest.partition(":")
    for candidate in candidates:
        if has_model(candidate, bare):
            return candidate, bare, tag or None, None
    raise ExportError(
        f"Expected a model of {', '.join(candidates)}, but found no '{bare}' there. Names are listed by timm.list_models(), "
        "torchvision.models.list_models() and open_clip.list_models()."
    )


# ---- networks ----


def build(library_name: str, name: str, tag: str | None, pretrained: bool, classes: int | None) -> tuple:
    """The network, and the size of the images that it was made for."""
    module = library(library_name)
    count = {} if classes is None else {"num_classes": classes}
    if library_name == "timm":
        model = module.create_model(name, pretrained=pretrained, **count)
        return model, model.pretrained_cfg["input_size"][-1]
    if library_name == "torchvision":
        published = list(module.models.get_model_weights(name))
        weights = module.models.get_model_weights(name)[tag] if tag else next(iter(published), None)
        crop = weights.transforms().crop_size if weights else 224
        model = module.models.get_model(name, weights=weights if pretrained else None, **count)
        return model, crop if isinstance(crop, int) else crop[0]
    tags = module.list_pretrained_tags_by_model(name)
    if (pretrained and tag is None) or (tag is not None and not module.get_pretrained_cfg(name, tag)):
        known = f"with one of these tags: {', '.join(tags)}" if tags else "without a tag: open_clip has no weights of it"
        raise ExportError(f"Expected open_clip/{name}{':TAG' if tags else ''} {known}.")
    # A state dict does not say which GELU it was trained with, and open_clip only warns: the tag decides.
    quick = module.get_model_config(name).get("quick_gelu", False)
    wanted = clip_weights(name, tag).get("quick_gelu", quick)
    if tag is not None and quick and not wanted:
        raise ExportError(f"Expected weights made with QuickGELU for open_clip/{name}, but found that {tag} was not.")
    model = module.create_model(name, pretrained=tag if pretrained else None, force_quick_gelu=bool(wanted))
    size = model.visual.image_size
    return model, size if isinstance(size, int) else size[0]


def clip_weights(name: str, tag: str | None) -> dict:
    """open_clip's entry for a tag: transform and activation. Without a tag: what all published weights of the model share,
    and None for what they differ in; a key that none of them has is left out."""
    module = library("open_clip")
    entries = [module.get_pretrained_cfg(name, each) for each in ([tag] if tag else module.list_pretrained_tags_by_model(name))]
    shared = {}
    for key in ("mean", "std", "interpolation", "resize_mode", "quick_gelu"):
        values = {entry.get(key, False if key == "quick_gelu" else None) for entry in entries}
        if entries:
            shared[key] = values.pop() if len(values) == 1 else None
    return shared


def few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def check_activation(name: str, tag: str | None) -> None:
    """@raise ExportError where a checkpoint may have been trained with either GELU, and nothing says with which"""
    module = library("open_clip")
    if tag is not None or clip_weights(name, tag).get("quick_gelu", False) is not None:
        return
    tags = module.list_pretrained_tags_by_model(name)
    quick = [each for each in tags if module.get_pretrained_cfg(name, each).get("quick_gelu", False)]
    plain = [each for each in tags if each not in quick]
    raise ExportError(
        f"Expected open_clip/{name}:TAG with --checkpoint, but found no tag: some weights of this model were trained with "
        f"QuickGELU ({few(quick)}), others with GELU ({few(plain)}), and a state dict does not say with which. "
        "Name the tag that yours were trained from, or one of the same kind."
    )


def own_transform(library_name: str, name: str, tag: str | None, model) -> dict | None:
    """How the library makes a picture into the input of a tag's weights; None where that is nothing that can be stated here."""
    if library_name == "timm":
        config = model.pretrained_cfg
        mean, std, interpolation, crop_pct = (config[key] for key in ("mean", "std", "interpolation", "crop_pct"))
        mode = {"center": "shortest", "squash": "squash"}.get(config["crop_mode"])
        if mode == "squash" and crop_pct != 1:  # the stretched image would be cropped, too
            return None
    elif library_name == "torchvision":
        weights = library("torchvision").models.get_model_weights(name)
        if not len(weights):
            return None
        preset = (weights[tag] if tag else next(iter(weights))).transforms()
        (crop,), (resized,) = preset.crop_size, preset.resize_size
        mean, std, interpolation = preset.mean, preset.std, preset.interpolation.value
        mode, crop_pct = "shortest", crop / resized
        while int(crop / crop_pct) < resized:  # the quotient's rounding must not lose a pixel
            crop_pct = math.nextafter(crop_pct, 0)
    else:
        # The network itself knows its transform only where open_clip loaded the weights.
        config = {**model.visual.preprocess_cfg, **clip_weights(name, tag)}
        mean, std, interpolation, mode = (config[key] for key in ("mean", "std", "interpolation", "resize_mode"))
        crop_pct = 1.0
    if mode is None or mean is None or std is None or interpolation not in ("bilinear", "bicubic"):
        return None
    numbers = {"mean": mean, "std": std, "interpolation": interpolation}
    if mode == "squash":
        return {"name": "upsample", **numbers}
    return {"name": "timm", **numbers, "cropPct": crop_pct} if mode == "shortest" else None


def stated_transform(of_tag: dict | None, given: dict) -> dict | None:
    """The transform that the file states: what is given, over that of the weights' tag.

    Weights that did not come with the tag (a checkpoint, random ones) may have been trained through any transform: the tag's
    would give wrong numbers in silence, and so would a default for the part of a transform that is not given.

    @param of_tag the transform of the tag whose weights these are; None where they are no tag's
    @param given what the options say, without what they do not
    @raise ExportError where only a part of a transform is known
    """
    if not given:
        return of_tag
    whole = {"name": "timm", "interpolation": "bicubic", **(of_tag or {}), **given}
    if "cropPct" in given:
        whole["name"] = "timm"  # of a tag that resizes the whole image
    wanted = {"mean": "--mean", "std": "--std"} | ({"cropPct": "--crop-pct"} if whole["name"] == "timm" else {})
    missing = [flag for key, flag in wanted.items() if key not in whole]
    if missing:
        raise ExportError(
            f"Expected a whole transform, but found no {' and no '.join(missing)}: these weights have no transform of their "
            "own that could fill in the rest. For images that have the network's size already, --crop-pct is 1."
        )
    return whole


def transform_in_words(transform: dict | None, given: dict, pretrained: bool) -> str:
    """One line on what the file states, and on what happens where it states nothing."""
    if transform is None:
        why = "theirs is none that can be stated" if pretrained else "these weights come with none"
        return (
            f"states no transform, since {why}: `featreconstruct run` will assume one ('protocol' on "
            "CIFAR, 'imagenet' on photographs) and say so. State theirs with --mean, --std, --crop-pct and --interpolation"
        )
    numbers = {"mean": "mean", "std": "std", "cropPct": "crop-pct", "interpolation": "interpolation"}
    parts = [f"{flag} {written(transform[key])}" for key, flag in numbers.items() if key in transform]
    source = "as given" if given else "that of these weights in their library"
    return f"states the transform {', '.join([transform['name'], *parts])} ({source})"


def written(value) -> str:
    return ",".join(f"{each:.6g}" for each in value) if isinstance(value, (list, tuple)) else str(value)


def triple(text: str) -> list[float]:
    """`0.5` or `0.485,0.456,0.406`, as --mean and --std of the command line take them."""
    values = [float(part) for part in re.split(r"[\s,/]+", text.strip())]
    if len(values) not in (1, 3) or not all(map(math.isfinite, values)):
        raise argparse.ArgumentTypeError(f"expected one number or three, as in 0.485,0.456,0.406, but found '{text}'")
    return values * (3 // len(values))


def positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, but found '{text}'")
    return value


def load_checkpoint(model, file: str) -> None:
    """Loads a state dict from .pth or .safetensors, also from inside what training scripts wrap around one."""
    state = unwrapped(read_checkpoint(file))
    wanted = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    found = {key: tuple(getattr(value, "shape", ())) for key, value in state.items()}
    prefix = prefix_of(wanted, found)
    problem = difference_of_keys(wanted, found, prefix)
    if problem:
        raise ExportError(f"Expected the weights of this model in {file}, but found {problem}.")
    own = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
    try:
        model.load_state_dict(own)
    except Exception as error:
        raise ExportError(f"Expected the weights of this model in {file}, but found: {shortened(error)}") from error


def read_checkpoint(file: str):
    """What a file holds; only tensors and plain containers are unpickled."""
    import torch
    from safetensors.torch import load_file

    try:
        if file.endswith(".safetensors"):
            return load_file(file)
        return torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise
    except Exception as error:
        classes = classes_in(file)
        if any(name.startswith("torch.nn.") for name in classes):
            found = (
                "a whole module (torch.save(model)), which is code and is not run here. In the program that has its classes, write "
                "its weights: torch.save(model.state_dict(), 'weights.pth')"
            )
        elif classes:
            found = (
                f"objects of {few(classes)} beside them, which are not loaded. If you trust the file, write the weights alone: "
                f"c = torch.load('{file}', map_location='cpu', weights_only=False); torch.save(c['state_dict'], 'weights.pth')"
            )
        elif is_torchscript(file):
            found = "a TorchScript archive. In Python, write its weights: torch.save(torch.jit.load(FILE).state_dict(), 'weights.pth')"
        else:
            found = f"something else: {shortened(error)}"
        raise ExportError(f"Expected a state dict in {file}, but found {found}.") from error


def classes_in(file: str) -> list[str]:
    """Classes that a pickle would make and that are not torch's own containers; none where it is no such file."""
    import torch

    try:
        return sorted(torch.serialization.get_unsafe_globals_in_checkpoint(file))
    except Exception:
        return []


def is_torchscript(file: str) -> bool:
    import zipfile

    return zipfile.is_zipfile(file) and any("/code/" in name for name in zipfile.ZipFile(file).namelist())


def unwrapped(state) -> dict:
    """The state dict inside of what training scripts save: under `state_dict` or `model`."""
    for wrapper in ("state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    return state if isinstance(state, dict) else {}


def prefix_of(wanted: dict, found: dict) -> str:
    """
    What stands before the names of the network in a checkpoint: `module.` of several devices, `model.` of Lightning,
    `_orig_mod.` of torch.compile, or whatever a class calls it. The one that has most of the names, the shorter of two.
    """
    counts: dict[str, int] = {"": 0}
    parts = {key.rpartition(".")[2] for key in wanted}
    for key in found:
        if key.rpartition(".")[2] not in parts:
            continue
        for at in [0, *(match.end() for match in re.finditer(r"\.", key))]:
            if key[at:] in wanted:
                counts[key[:at]] = counts.get(key[:at], 0) + 1
    return max(counts, key=lambda prefix: (counts[prefix], -len(prefix)))


def difference_of_keys(wanted: dict, found: dict, prefix: str) -> str | None:
    """In words, why a checkpoint's tensors are not the network's; None where they are."""
    own = {key.removeprefix(prefix): shape for key, shape in found.items() if key.startswith(prefix)}
    # Counts of batches play no part in an answer, and old checkpoints lack them.
    missing = [key for key in wanted if key not in own and not key.endswith("num_batches_tracked")]
    more = [key for key in own if key not in wanted]
    other = [f"{key} {own[key]} in place of {wanted[key]}" for key in wanted if key in own and own[key] != wanted[key]]
    if not missing and not other and (not more or prefix):
        return None
    if len(missing) == sum(not key.endswith("num_batches_tracked") for key in wanted):
        return f"none of its {len(missing)} tensors: the names there are {few(list(found)) or 'none'}. It is another architecture's"
    parts = [
        f"{len(names)} {what}: {few(names)}"
        for names, what in ((missing, "missing"), (more, "that it has not"), (other, "of another shape"))
        if names
    ]
    # A head of other classes is the usual reason.
    heads = [key for key in wanted if key in own and own[key][1:] == wanted[key][1:] and own[key] != wanted[key]]
    classes = {own[key][0] for key in heads}
    hint = f" (--classes {classes.pop()} makes such a head)" if len(heads) == len(other) and len(classes) == 1 else ""
    return "; ".join(parts) + hint


def shortened(error: Exception) -> str:
    """The first line of a message that may list all of a network's names."""
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    return first if len(first) <= 200 else f"{first[:200]} …"


def draw_zero_heads(model) -> None:
    """A few networks (Mixer) start with a head of zeros, whose logits say nothing: draw it as any nn.Linear."""
    from torch import nn

    for module in model.modules():
        if isinstance(module, nn.Linear) and not module.weight.any():
            module.reset_parameters()


def pictures(count: int, size: int):
    """Random smooth pictures: half fill the frame, half lie small on black, as the published protocol shows CIFAR's."""
    import torch
    from torch.nn.functional import interpolate

    large = interpolate(torch.randn(count - count // 2, 3, 7, 7), size=size, mode="bilinear")
    small = torch.full((count // 2, 3, size, size), -2.0)  # black, once ImageNet's mean and deviation are applied
    edge = min(32, size)
    start = (size - edge) // 2
    patch = interpolate(torch.randn(count // 2, 3, 4, 4), size=edge, mode="bilinear")
    small[:, :, start : start + edge, start : start + edge] = patch
    return torch.cat([large, small])


def settle_batch_norms(network, size: int) -> None:
    """Sets the running statistics of a random network's batch norms from random pictures.

    Untouched (mean 0, variance 1) they let activations grow or vanish with depth until all images look alike: one class for
    every image, dead features, and differences between images near float32's rounding. Means and variances of each channel
    cure that, but make a very deep network without shortcuts (Inception-v4) chaotic: rounding grows at each layer. Such a
    network gets no means and one scale a layer.
    """
    import torch
    from torch.nn.modules.batchnorm import _BatchNorm

    def centre_and_scale(norm, args):
        others = [dim for dim in range(args[0].dim()) if dim != 1]
        norm.running_mean.copy_(args[0].mean(others))
        norm.running_var.copy_(args[0].var(others))

    def scale(norm, args):
        norm.running_mean.zero_()
        norm.running_var.fill_(args[0].square().mean())

    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    for settle in (centre_and_scale, scale) if norms else ():
        hooks = [norm.register_forward_pre_hook(settle) for norm in norms]
        with torch.no_grad():
            network(pictures(32, size))
            for hook in hooks:
                hook.remove()
            sample = pictures(CHECKED_IMAGES, size)
            exact = copy.deepcopy(network).double()(sample.double())
            if difference(network(sample).numpy(), exact.numpy()) <= TOLERANCE:
                return


def towers(library_name: str, model, size: int) -> list[Tower]:
    import torch

    images = pictures(CHECKED_IMAGES, size)
    if library_name != "open_clip":
        return [Tower(model, "input", "logits", images)]

    class Half(torch.nn.Module):
        def __init__(self, encode: str):
            super().__init__()
            self.model = model
            self.encode = encode

        def forward(self, x):
            return getattr(self.model, self.encode)(x)

    tokens = torch.randint(1, model.vocab_size - 1, (CHECKED_IMAGES, model.context_length))
    tokens[:, -1] = model.vocab_size - 1  # the end of the text: the place that the text tower reads
    return [
        Tower(Half("encode_image"), "input", "embeddings", images, ".image"),
        Tower(Half("encode_text"), "tokens", "embeddings", tokens, ".text"),
    ]


def run_in_pytorch(tower: Tower) -> tuple:
    """(features, output): the input of the last linear operation that runs, and what the network returns.

    Watching the operations rather than the modules also sees a head that is a bare parameter, as the projection of CLIP's
    transformers is. A CLIP half may end in something else (an attention pool), and its features are then None.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    linear = {torch.nn.functional.linear, torch.nn.functional.conv2d, torch.matmul}
    linear |= {torch.Tensor.matmul, torch.Tensor.__matmul__}
    last = []

    class Watch(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            if function in linear:
                last[:] = [args[0], result]
            return result

    with torch.no_grad(), Watch():
        output = tower.network(tower.batch)
    if not isinstance(output, torch.Tensor) or output.dim() != 2:
        found = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
        raise ExportError(f"Expected a network whose output is (images, numbers), but found {found}.")
    if last and last[1].numel() == output.numel() and torch.equal(last[1].flatten(1), output):
        return last[0].flatten(1).numpy(), output.numpy()
    if tower.output_name == "logits":
        raise ExportError(
            "Expected one linear layer at the end of the network, but found other operations after it (several heads, or an "
            "activation): such a model has no single head to read features from."
        )
    return None, output.numpy()


# ---- files ----


def write_file(tower: Tower, file: Path, transform: dict | None) -> None:
    """Writes the network with PyTorch's TorchScript exporter (onnx/README.md says why this one), and its transform."""
    import onnx
    import torch

    names = {tower.input_name: {0: "n"}, tower.output_name: {0: "n"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is the older exporter, and each shape that tracing makes a constant
        torch.onnx.export(
            tower.network,
            (tower.batch[:2],),
            str(file),
            dynamo=False,
            opset_version=OPSET,
            input_names=[tower.input_name],
            output_names=[tower.output_name],
            dynamic_axes=names,
        )
    if transform:
        # Fields of a protobuf that are appended belong to it.
        entry = onnx.StringStringEntryProto(key=TRANSFORM_KEY, value=json.dumps(transform))
        with file.open("ab") as end:
            end.write(onnx.ModelProto(metadata_props=[entry]).SerializeToString())


def run_file(file: Path, tower: Tower, tap: bool) -> tuple:
    """(features, output) of the file in ONNX Runtime; the features are tapped in a copy of the graph in memory."""
    import onnx
    import onnxruntime

    model = onnx.load(file)
    fetches = [tower.output_name]
    if tap:
        fetches.append(head_input(model.graph, tower.output_name))
        model.graph.output.append(onnx.ValueInfoProto(name=fetches[1]))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    # Twice, with different numbers of inputs, so that a batch size that was traced as a constant cannot hide.
    batch = tower.batch.numpy()
    session.run(fetches, {tower.input_name: batch[:1]})
    output, *features = session.run(fetches, {tower.input_name: batch})
    return (features[0].reshape(len(output), -1) if tap else None), output


def head_input(graph, output: str) -> str:
    """The tensor that the last linear node before `output` reads."""
    producer = {name: node for node in graph.node for name in node.output}
    constants = {tensor.name for tensor in graph.initializer}
    node = producer[output]
    while node.op_type not in ("Gemm", "MatMul", "Conv"):
        node = producer[next(name for name in node.input if name not in constants)]
    return node.input[0]


def difference(found, expected) -> float:
    """The largest absolute difference over the root mean square of what was expected."""
    import numpy as np

    if found.shape != expected.shape:
        raise ExportError(f"Expected shape {expected.shape} as in PyTorch, but found {found.shape} in the file.")
    scale = np.sqrt(np.mean(expected.astype(np.float64) ** 2))
    return float(np.abs(found.astype(np.float64) - expected).max() / scale)


def export(tower: Tower, file: Path, transform: dict | None, check_file: Path | None) -> dict:
    """Writes one file, compares it with PyTorch, and returns the figures. A file that differs is not left behind."""
    features, output = run_in_pytorch(tower)
    tap = features is not None
    part = file.with_name(file.name + ".part")
    try:
        write_file(tower, part, transform)
        features_found, output_found = run_file(part, tower, tap)
        figures = {
            "file": str(file),
            "d": features.shape[1] if tap else None,
            "c": output.shape[1],
            "input": list(tower.batch.shape[1:]),
            "featuresDifference": difference(features_found, features) if tap else None,
            "outputDifference": difference(output_found, output),
        }
        # Written so that NaN fails too.
        if not all(figures[key] is None or figures[key] <= TOLERANCE for key in ("featuresDifference", "outputDifference")):
            raise ExportError(f"Expected differences from PyTorch of at most {TOLERANCE}, but found {json.dumps(figures)}.")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    if check_file:
        import numpy as np
        from safetensors.numpy import save_file

        tensors = {tower.input_name: tower.batch.numpy(), "features": features, tower.output_name: output}
        # save_file writes the memory as it lies, whatever the strides: a ViT's features are a slice of all tokens.
        save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items() if tensor is not None}, check_file)
    return figures


def with_suffix(file: str, suffix: str) -> Path:
    path = Path(file)
    return path.with_name(path.stem + suffix + path.suffix)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", help="resnet18, timm/NAME, torchvision/NAME, open_clip/NAME, …: see onnx/README.md")
    parser.add_argument("--pretrained", action="store_true", help="the library's weights (network); random ones otherwise")
    parser.add_argument("--checkpoint", metavar="FILE", help="your weights: a state dict as .pth or .safetensors")
    parser.add_argument("--classes", type=int, metavar="N", help="number of classes, where a checkpoint has its own")
    parser.add_argument("--out", metavar="FILE", help="default: NAME.onnx here; CLIP writes two, .image.onnx and .text.onnx")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of random weights and of the check (default 0)")
    parser.add_argument("--size", type=int, metavar="N", help="height and width of the images (default: the model's own)")
    parser.add_argument("--mean", type=triple, metavar="X", help="of the transform that the file states, one number or three")
    parser.add_argument("--std", type=triple, metavar="X", help="the same")
    parser.add_argument("--crop-pct", type=positive, metavar="X", help="share of the resized image that is kept; 1: all of it")
    parser.add_argument(
        "--interpolation",
        choices=("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"),
        help="of the resizing (default: bicubic)",
    )
    parser.add_argument("--save-check", metavar="FILE", help="keep the checked input, features and output as .safetensors")
    parser.add_argument("--json", action="store_true", help="print one line of JSON for each file instead of text")
    args = parser.parse_args()
    if args.pretrained and args.checkpoint:
        parser.error("expected one of --pretrained and --checkpoint, but found both")
    options = {"mean": args.mean, "std": args.std, "cropPct": args.crop_pct, "interpolation": args.interpolation}
    given = {key: value for key, value in options.items() if value is not None}
    if not args.pretrained:
        stated_transform(None, given)  # refused before anything is built

    import torch

    library_name, name, tag, published_size = resolve(args.name)
    if args.checkpoint and library_name == "open_clip":
        check_activation(name, tag)
    torch.manual_seed(args.seed)
    try:
        model, own_size = build(library_name, name, tag, args.pretrained, args.classes)
    except OSError as error:  # what the libraries raise when a download fails
        raise ExportError(
            f"Expected to download the weights of {name}, but found: {error}. Connect to a network, or give a file that you "
            "have with --checkpoint FILE."
        ) from error
    if args.checkpoint:
        load_checkpoint(model, args.checkpoint)
    elif not args.pretrained:
        draw_zero_heads(model)
    model.eval()
    torch.backends.mha.set_fastpath_enabled(False)  # a fused operation that the exporter does not know

    out = args.out or f"{args.name.rpartition('/')[2].replace(':', '_')}.onnx"
    size = args.size or published_size or own_size
    for tower in towers(library_name, model, size):
        if tower.input_name == "input" and not (args.pretrained or args.checkpoint):
            settle_batch_norms(tower.network, size)
        check_file = with_suffix(args.save_check, tower.suffix) if args.save_check else None
        takes_images = tower.input_name == "input"
        of_tag = own_transform(library_name, name, tag, model) if args.pretrained and takes_images else None
        transform = stated_transform(of_tag, given) if takes_images else None
        figures = export(tower, with_suffix(out, tower.suffix), transform, check_file)
        figures = {"model": f"{library_name}/{name}", **figures, **({"transform": transform} if takes_images else {})}
        print(json.dumps(figures) if args.json else in_words(figures), flush=True)
        if takes_images and not args.json:
            print(f"{figures['file']} {transform_in_words(transform, given, args.pretrained)}.", flush=True)


def in_words(figures: dict) -> str:
    features = figures["featuresDifference"]
    differences = f"{figures['outputDifference']:.1e} (output)" + (f" and {features:.1e} (features)" if features else "")
    return (
        f"{figures['file']}: {figures['model']}, d = {figures['d']}, c = {figures['c']}, input {figures['input']}; "
        f"differs from PyTorch by {differences} of the tensor's scale"
    )


if __name__ == "__main__":
    try:
        main()
    except (ExportError, FileNotFoundError) as error:
        sys.exit(f"export.py: {error}")
