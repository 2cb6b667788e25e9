"""Makes the graphs without weights in onnx/graphs: one .onnx per architecture, whose initializers are named as in the
published checkpoint and hold no bytes. The library fills in where each one lies in a .safetensors file.

    python onnx/graphs.py [NAME ...] [--check-only] [--out FOLDER]

Needs torch, timm, transformers, open_clip_torch, onnx, onnxruntime and safetensors. Every graph is run on weights that are
drawn by name (`drawn` below, and lib/models/drawn.ts, which must draw the same) and compared with the library that it comes
from; features and outputs are kept as goldens beside it.

Three traps. The exporter merges initializers of equal value, so every tensor is drawn first. It folds batch norms into
convolutions unless training=PRESERVE. It transposes weights unless do_constant_folding=False.
"""

import argparse
import gzip
import json
import math
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

OPSET = 17
TOLERANCE = 1e-5  # largest difference from the library, in units of the tensor's root mean square
HERE = Path(__file__).parent
PLACEHOLDER = "checkpoint"  # where the library writes the real file's name
COUNTERS = r"num_batches_tracked$"  # batch norms count their batches; nothing that runs reads it

# Name of the graph: library, how to build it, height and width (None: open, any size runs).
TIMM = {
    **{name: None for name in ("resnet18", "resnet34", "resnet50", "resnet101", "densenet121", "inception_v4")},
    **{name: None for name in ("convnext_tiny", "convnext_base", "mobilenetv3_large_100", "efficientnet_b0", "regnety_016")},
    **{name: 224 for name in ("mixer_b16_224", "vit_tiny_patch16_224", "vit_small_patch16_224", "vit_base_patch16_224")},
    **{name: 224 for name in ("swin_tiny_patch4_window7_224", "tf_efficientnet_lite0")},
}
# Names of timm for the same graph: checkpoints of theirs go into it.
ALSO = {
    "vit_tiny_patch16_224": ["deit_tiny_patch16_224"],
    "vit_small_patch16_224": ["deit_small_patch16_224"],
    "vit_base_patch16_224": ["deit_base_patch16_224"],
}
# What a config.json of transformers says that changes nothing in the graph.
IDLE = {
    *("initializer_range", "initializer_factor", "hidden_dropout_prob", "attention_probs_dropout_prob", "attention_dropout"),
    *("drop_path_rate", "encoder_stride", "pooler_output_size", "pooler_act", "stage_names", "out_features", "out_indices"),
    *("layer_scale_init_value", "layerscale_value", "apply_layernorm", "reshape_hidden_states", "use_mask_token"),
    *("logit_scale_init_value", "num_labels", "num_stages"),
}
# The variance that a convolution of drawn weights adds, times its fan-in: 2 keeps what rectifiers halve. Gates multiply it up,
# till rounding decides; gates that pass little want more, or all images look alike.
GAIN = {"timm.mobilenetv3_large_100": 1.4, "timm.regnety_016": 1.4, "timm.efficientnet_b0": 2.05, "timm.tf_efficientnet_lite0": 1.8}
# transformers' networks by what their config.json says, in its own words.
TRANSFORMERS = {
    "resnet-18": ("ResNet", {"depths": [2, 2, 2, 2], "hidden_sizes": [64, 128, 256, 512], "layer_type": "basic"}, None),
    "resnet-50": ("ResNet", {"depths": [3, 4, 6, 3], "hidden_sizes": [256, 512, 1024, 2048], "layer_type": "bottleneck"}, None),
    "convnext-tiny": ("ConvNext", {"depths": [3, 3, 9, 3], "hidden_sizes": [96, 192, 384, 768]}, None),
    "vit-tiny-16": ("ViT", {"hidden_size": 192, "num_attention_heads": 3, "intermediate_size": 768}, 224),
    "vit-small-16": ("ViT", {"hidden_size": 384, "num_attention_heads": 6, "intermediate_size": 1536}, 224),
    "vit-base-16": ("ViT", {"hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072}, 224),
    "swin-tiny": ("Swin", {"embed_dim": 96, "depths": [2, 2, 6, 2], "num_heads": [3, 6, 12, 24]}, 224),
    "dinov2-small": (
        "Dinov2",
        {"hidden_size": 384, "num_attention_heads": 6, "num_hidden_layers": 12, "image_size": 518, "patch_size": 14},
        224,
    ),
}
# CLIP's two halves: open_clip's own files, and those of transformers, which has both halves in one CLIPModel.
CLIP = {"ViT-B-32": ["image", "text"]}


# ---- weights and inputs by rule ----


def uniform(name: str, count: int) -> np.ndarray:
    """Numbers in [-1, 1) by name and index: FNV-1a of the name's UTF-8, plus index times 0x9E3779B9, through MurmurHash3's
    last step, all modulo 2^32."""
    key = 0x811C9DC5
    for byte in name.encode():
        key = ((key ^ byte) * 0x01000193) & 0xFFFFFFFF
    x = (np.arange(count, dtype=np.uint64) * 0x9E3779B9 + key).astype(np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return x / 2**31 - 1


def drawn(name: str, shape: tuple, gain: float) -> np.ndarray:
    """A weight by its name: of four dimensions with variance gain / fan-in, of two and three with 1 / fan-in, of one around 1,
    or around 0 where the name ends in bias, mean or beta."""
    if len(shape) >= 2:
        centre, spread = 0, math.sqrt(3 * (gain if len(shape) == 4 else 1) / math.prod(shape[1:]))
    else:
        centre, spread = (0, 0.3) if name.rpartition(".")[2].endswith(("bias", "mean", "beta")) else (1, 0.2)
    return (centre + spread * uniform(name, math.prod(shape))).reshape(shape).astype(np.float32)


def drawn_images(size: int) -> np.ndarray:
    """Two images: 7 x 7 blocks, which tell them apart, and noise."""
    blocks = uniform("input.blocks", 2 * 3 * 49).reshape(2, 3, 7, 7)
    place = np.arange(size) * 7 // size
    noise = uniform("input", 2 * 3 * size * size).reshape(2, 3, size, size)
    return (2 * blocks[:, :, place][:, :, :, place] + noise).astype(np.float32)


def drawn_tokens(length: int, vocabulary: int) -> np.ndarray:
    """Two texts; the largest number is the end of a text, the place that the tower reads."""
    tokens = np.floor((uniform("tokens", 2 * length).reshape(2, length) + 1) / 2 * (vocabulary - 2)).astype(np.int64) + 1
    tokens[0, length // 2] = vocabulary - 1
    tokens[1, length - 1] = vocabulary - 1
    return tokens


# ---- networks ----


class Tower:
    """What becomes one graph."""

    def __init__(self, network, state, batch, size, classifier=None, extras=(), prefix="", output="logits", **more):
        self.network, self.state, self.batch, self.size = network.eval(), state, batch, size
        self.classifier, self.extras, self.prefix, self.output = classifier, [COUNTERS, *extras], prefix, output
        self.input = more.get("input", "input")
        self.source, self.gain, self.match = more["source"], more["gain"], more["match"]


def draw(model, name: str) -> float:
    import torch

    gain = GAIN.get(name, 2)
    with torch.no_grad():
        for key, value in model.state_dict().items():
            if value.dtype.is_floating_point:
                value.copy_(torch.from_numpy(drawn(key, tuple(value.shape), gain)))
    return gain


def wrap(function, module):
    from torch import nn

    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = module

        def forward(self, x):
            return function(self.model, x)

    return Wrapped()


def config_of(config, *parts: str) -> dict:
    """What a config.json of transformers has to say for its checkpoint to go into the graph, by key (`vision_config.hidden_size`),
    and what the library takes where it says nothing."""
    from transformers import PretrainedConfig

    common = set(PretrainedConfig().to_dict())
    keys = {}
    for part in parts or ("",):
        own = getattr(config, part) if part else config
        default = type(own)().to_dict()
        for key, value in own.to_dict().items():
            if key not in common and key not in IDLE and not isinstance(value, dict) and key != "model_type":
                keys[f"{part}.{key}" if part else key] = {"is": value, "default": default[key]}
    return {"transformers": config.model_type, "config": keys}


def pool_of(model) -> str:
    """How timm's network averages over places, which it keeps as a word or in a module, its own or its head's."""
    pool = getattr(model, "global_pool", None) or getattr(getattr(model, "head", None), "global_pool", None)
    return pool if isinstance(pool, str) else getattr(pool, "pool_type", None) or "avg"


def timm_tower(name: str) -> Tower:
    import timm

    timm.layers.set_fused_attn(False)
    model = timm.create_model(name, pretrained=False)
    gain = draw(model, f"timm.{name}")
    match = {"timm": [name, *ALSO.get(name, [])], "globalPool": pool_of(model)}
    for other in ALSO.get(name, []):
        same = timm.create_model(other, pretrained=False).state_dict()
        if {key: value.shape for key, value in same.items()} != {key: value.shape for key, value in model.state_dict().items()}:
            sys.exit(f"graphs.py: expected {other} to have the tensors of {name}, but found others")
    # Buffers that older versions kept in the checkpoint and newer ones compute.
    extras = [r"relative_position_index$", r"attn_mask$"]
    return Tower(
        model, model.state_dict(), drawn_images(224), TIMM[name], model.default_cfg["classifier"], extras,
        gain=gain, match=match, source=f"timm {timm.__version__}, {name}",
    )


def transformers_tower(name: str) -> Tower:
    import transformers

    family, settings, size = TRANSFORMERS[name]
    config = getattr(transformers, f"{family}Config")(num_labels=1000, attn_implementation="eager", **settings)
    model = getattr(transformers, f"{family}ForImageClassification")(config)
    gain = draw(model, f"transformers.{name}")
    match = config_of(config)
    if size is None:
        match["config"].pop("image_size", None)  # any size runs
    classifier = "classifier.1" if family == "ResNet" else "classifier"
    return Tower(
        wrap(lambda net, x: net(x).logits, model), model.state_dict(), drawn_images(224), size, classifier,
        [r"relative_position_index$", r"embeddings\.position_ids$", r"mask_token$"], "model.",
        gain=gain, match=match, source=f"transformers {transformers.__version__}, {family}ForImageClassification {json.dumps(settings)}",
    )


def open_clip_tower(name: str, half: str) -> Tower:
    import open_clip

    model = open_clip.create_model(name, pretrained=None)
    gain = draw(model, name)
    match = {"openClip": open_clip.get_model_config(name), "half": half}
    source = f"open_clip {open_clip.__version__}, {name}, {half}"
    if half == "image":
        return Tower(
            wrap(lambda net, x: net.encode_image(x), model), model.state_dict(), drawn_images(224), 224, None,
            [r"^(?!visual\.)"], "model.", "embeddings", gain=gain, match=match, source=source,
        )
    tokens = drawn_tokens(model.context_length, model.vocab_size)
    return Tower(
        wrap(lambda net, x: net.encode_text(x), model), model.state_dict(), tokens, None, None,
        [r"^visual\.", r"^logit_(scale|bias)$", r"^attn_mask$"], "model.", "embeddings", input="tokens", gain=gain, match=match, source=source,
    )


def clip_model_tower(name: str, half: str) -> Tower:
    import transformers

    config = transformers.CLIPConfig(attn_implementation="eager")  # its defaults are ViT-B/32
    model = transformers.CLIPModel(config)
    gain = draw(model, name)
    match = {**config_of(config, "vision_config" if half == "image" else "text_config"), "half": half}
    source = f"transformers {transformers.__version__}, CLIPModel {name}, {half}"
    extras = [r"position_ids$", r"^logit_(scale|bias)$"]
    if half == "image":
        return Tower(
            wrap(lambda net, x: net.get_image_features(x), model), model.state_dict(), drawn_images(224), 224, None,
            [*extras, r"^text_"], "model.", "embeddings", gain=gain, match=match, source=source,
        )
    tokens = drawn_tokens(77, config.text_config.vocab_size)
    return Tower(
        wrap(lambda net, x: net.get_text_features(x), model), model.state_dict(), tokens, None, None,
        [*extras, r"^vis"], "model.", "embeddings", input="tokens", gain=gain, match=match, source=source,
    )


TOWERS = {
    **{f"timm.{name}": lambda name=name: timm_tower(name) for name in TIMM},
    **{f"transformers.{name}": lambda name=name: transformers_tower(name) for name in TRANSFORMERS},
    **{f"open_clip.{name}.{half}": lambda name=name, half=half: open_clip_tower(name, half) for name in CLIP for half in CLIP[name]},
    **{f"transformers.clip-{name}.{half}": lambda name=name, half=half: clip_model_tower(name, half) for name in CLIP for half in CLIP[name]},
}


# ---- graphs ----


def export(tower: Tower):
    import onnx
    import torch

    axes = {0: "n"}
    if tower.size is None and tower.input == "input":
        axes |= {2: "height", 3: "width"}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = Path(folder) / "graph.onnx"
        torch.onnx.export(
            tower.network, (torch.from_numpy(tower.batch),), str(file), dynamo=False, opset_version=OPSET,
            input_names=[tower.input], output_names=[tower.output], dynamic_axes={tower.input: axes, tower.output: {0: "n"}},
            do_constant_folding=False, training=torch.onnx.TrainingMode.PRESERVE,
        )
        return onnx.load(file)


def weightless(model, tower: Tower):
    """Renames the initializers to the keys of the checkpoint and takes their bytes away."""
    import onnx

    graph = model.graph
    names = {tensor.name: tensor.name.removeprefix(tower.prefix) for tensor in graph.initializer}
    for node in graph.node:
        for place, value in enumerate(node.input):
            node.input[place] = names.get(value, value)
        node.ClearField("doc_string")
        del node.metadata_props[:]
    classifier = [f"{tower.classifier}.weight", f"{tower.classifier}.bias"] if tower.classifier else []
    for tensor in graph.initializer:
        tensor.name = names[tensor.name]
        # Whole numbers are places that the architecture says, not the checkpoint.
        if tensor.name not in tower.state or not tower.state[tensor.name].dtype.is_floating_point:
            continue
        if tuple(tensor.dims) != tuple(tower.state[tensor.name].shape):
            sys.exit(f"graphs.py: expected {tensor.name} as in the checkpoint, but found its shape changed to {tensor.dims}")
        tensor.ClearField("raw_data")
        tensor.ClearField("float_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=PLACEHOLDER)
    read = {tensor.name for tensor in graph.initializer}
    unread = [key for key in tower.state if key not in read and not any(search(pattern, key) for pattern in tower.extras)]
    missing = [name for name in classifier if name not in read]
    if unread or missing:
        sys.exit(f"graphs.py: expected every tensor to have its place, but found none for {', '.join(unread + missing)}")
    merge_constants(graph)
    del graph.value_info[:]
    graph.ClearField("doc_string")
    graph.name = "graph"
    # The classes of a checkpoint are counted when it is bound.
    dims = graph.output[0].type.tensor_type.shape.dim
    if classifier:
        dims[1].dim_param = "classes"
    else:
        dims[1].dim_value = tower.expected_width
    facts = {"source": tower.source, "classes": classifier, "extras": tower.extras, "gain": tower.gain, "match": tower.match}
    del model.metadata_props[:]
    model.metadata_props.add(key="featreconstruct.weights", value=json.dumps(facts))
    return model


def search(pattern: str, text: str) -> bool:
    import re

    return re.search(pattern, text) is not None


def merge_constants(graph) -> None:
    """One node for each value: tracing writes the same axes and numbers again and again."""
    first, renamed, nodes = {}, {}, []
    for node in graph.node:
        for place, value in enumerate(node.input):
            node.input[place] = renamed.get(value, value)
        if node.op_type == "Constant":
            key = node.attribute[0].SerializeToString()
            if key in first:
                renamed[node.output[0]] = first[key]
                continue
            first[key] = node.output[0]
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)


def bound(model, state):
    """The same graph with the drawn weights in it, to be run."""
    import onnx

    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    for tensor in whole.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            tensor.ClearField("external_data")
            tensor.ClearField("data_location")
            tensor.raw_data = state[tensor.name].numpy().tobytes()
    return whole


def truth(tower: Tower) -> dict:
    """Features and output of the library itself."""
    import torch

    sys.path.insert(0, str(HERE))
    from export import Tower as Exported, run_in_pytorch

    features, output = run_in_pytorch(Exported(tower.network, tower.input, tower.output, torch.from_numpy(tower.batch)))
    found = {tower.output: output}
    if tower.output == "logits":
        found["features"] = features
    return {name: np.ascontiguousarray(value) for name, value in found.items()}


def difference(found, expected) -> float:
    return float(np.abs(found.astype(np.float64) - expected).max() / np.sqrt(np.mean(expected.astype(np.float64) ** 2)))


def make(name: str, out: Path, check_only: bool) -> None:
    import onnxruntime
    import torch
    from export import head_input
    from safetensors.numpy import save_file

    torch.manual_seed(0)
    torch.backends.mha.set_fastpath_enabled(False)
    tower = TOWERS[name]()
    expected = truth(tower)
    tower.expected_width = expected[tower.output].shape[1]
    model = weightless(export(tower), tower)
    whole = bound(model, tower.state)
    fetches = [tower.output]
    if "features" in expected:
        import onnx

        fetches.append(head_input(whole.graph, tower.output))
        whole.graph.output.append(onnx.ValueInfoProto(name=fetches[1]))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(whole.SerializeToString(), options, providers=["CPUExecutionProvider"])
    session.run(fetches, {tower.input: tower.batch[:1]})
    found = session.run(fetches, {tower.input: tower.batch})
    figures = [difference(value.reshape(2, -1), expected[key]) for key, value in zip([tower.output, "features"], found)]
    apart = expected[tower.output]
    apart = float(np.abs(apart[0] - apart[1]).max() / np.sqrt(np.mean(apart**2)))
    packed = gzip.compress(model.SerializeToString(), 9, mtime=0)
    print(f"{name}: {len(packed) // 1024} KB, differs by {', '.join(f'{x:.1e}' for x in figures)}; images apart {apart:.2f}", flush=True)
    if not all(figure <= TOLERANCE for figure in figures):
        sys.exit(f"graphs.py: expected at most {TOLERANCE}, but found {figures} for {name}")
    if not check_only:
        (out / "goldens").mkdir(parents=True, exist_ok=True)
        (out / f"{name}.onnx.gz").write_bytes(packed)
        save_file(expected, out / "goldens" / f"{name}.safetensors")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help=f"default: all of {', '.join(TOWERS)}")
    parser.add_argument("--out", type=Path, default=HERE / "graphs")
    parser.add_argument("--check-only", action="store_true", help="write nothing")
    args = parser.parse_args()
    sys.path.insert(0, str(HERE))
    for name in args.names or TOWERS:
        make(name, args.out, args.check_only)


if __name__ == "__main__":
    main()
