"""Exports of the field's classifiers at tiny size and random weights, read by `featreconstruct inspect`: docs/exports.md.

    pip install torch torchvision timm "transformers<5" onnx onnxscript skl2onnx scikit-learn tensorflow tf2onnx
    npm run build && python __tests__/goldens/exports.py FOLDER [transformers|timm|sklearn|keras|jax|paddle|ultralytics ...]
    python __tests__/goldens/exports_page.py

Each model is written to FOLDER, inspected and deleted. exports.json beside this script keeps the rows, each with the versions
that it was made with; a row that is there is not made again (delete it to have it made anew), and what was refused stays in.
jax2onnx, paddle2onnx and ultralytics want an environment each. exports_page.py writes the page from all rows.
"""

import json
import os
import re
import subprocess
import sys
import traceback
import warnings
from datetime import date
from pathlib import Path

from exports_page import EXPORTS, ROOT, build_of, installed, read_rows, said_of, save_rows

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.filterwarnings("ignore")

CLASSES = 24

# Sizes that make a family small; what a family has not is left out.
SMALL = dict(
    num_hidden_layers=2, num_attention_heads=2, hidden_size=32, intermediate_size=64, image_size=64, patch_size=16,
    num_labels=CLASSES,
)
FAMILIES = dict(
    beit=SMALL, data2vec_vision=SMALL, deit=SMALL, dinov2=SMALL, dinov2_with_registers=SMALL, ijepa=SMALL, vit=SMALL,
    vit_msn=SMALL, siglip=dict(vision=SMALL), clip=dict(vision=SMALL), metaclip_2=dict(vision=SMALL),
    bit=dict(embedding_size=32, hidden_sizes=[64, 128], depths=[1, 1], num_groups=8),
    convnext=dict(hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1]),
    convnextv2=dict(hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1]),
    cvt=dict(embed_dim=[64, 64, 64], num_heads=[1, 2, 4], depth=[1, 2, 3]),
    efficientnet=dict(image_size=64, depth_coefficient=0.1, width_coefficient=0.25, hidden_dim=320),
    focalnet=dict(image_size=64, embed_dim=16, depths=[1, 1, 1, 1], hidden_sizes=[16, 32, 64, 128]),
    hgnet_v2=dict(),
    hiera=dict(image_size=[64, 64], embed_dim=16, depths=[1, 1, 1, 1], masked_unit_size=[8, 8]),
    levit=dict(image_size=64, hidden_sizes=[16, 32, 48], num_attention_heads=[1, 2, 3], depths=[1, 1, 1],
               key_dim=[8, 8, 8]),
    mobilenet_v1=dict(depth_multiplier=0.25, image_size=64),
    mobilenet_v2=dict(depth_multiplier=0.25, image_size=64),
    mobilevit=dict(image_size=64, hidden_sizes=[16, 24, 32], neck_hidden_sizes=[8, 8, 16, 16, 24, 24, 64]),
    mobilevitv2=dict(image_size=64, width_multiplier=0.25),
    poolformer=dict(hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1]),
    pvt=dict(image_size=64, hidden_sizes=[8, 16, 40, 32], depths=[1, 1, 1, 1]),
    pvt_v2=dict(image_size=64, hidden_sizes=[8, 16, 40, 32], depths=[1, 1, 1, 1]),
    regnet=dict(embedding_size=8, hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1], groups_width=4),
    resnet=dict(embedding_size=8, hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1]),
    segformer=dict(hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1], num_attention_heads=[1, 2, 3, 4]),
    swiftformer=dict(depths=[1, 1, 1, 1], embed_dims=[8, 16, 24, 32], image_size=64),
    swin=dict(image_size=64, embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=4),
    swinv2=dict(image_size=64, embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=4),
    textnet=dict(),
    donut_swin=dict(image_size=64, embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=4),
)
CLASS_OF = dict(
    donut_swin="DonutSwinForImageClassification", metaclip_2="MetaClip2ForImageClassification",
    hgnet_v2="HGNetV2ForImageClassification",
)

# Classes of transformers that are left out, and why.
LEFT_OUT = dict(
    DinatForImageClassification="needs natten", NatForImageClassification="needs natten",
    EfficientFormerForImageClassification="deprecated", VanForImageClassification="deprecated",
    ViTHybridForImageClassification="deprecated", ImageGPTForImageClassification="reads colour clusters, not pixels",
    ShieldGemma2ForImageClassification="a language model", Siglip2ForImageClassification="reads patches and their mask",
    TimmWrapperForImageClassification="models of timm, tried as such",
)

# A small member of a family, by the exporter that is no longer the default one; some of them by the newer one too.
TIMM_DYNAMO = """resnet26d seresnet33ts mobilenetv2_050 test_vit test_resnet test_efficientnet convnext_atto deit_tiny_patch16_224
deit_tiny_distilled_patch16_224 levit_128s repvit_m0_9 mobilevit_xxs edgenext_xx_small nf_resnet26 tf_efficientnet_lite0
vit_tiny_patch16_224 poolformer_s12 starnet_s1""".split()
TIMM = """botnet26t_256 coat_lite_tiny convit_tiny crossvit_tiny_240 densenet121 dpn68 fasternet_t0 gcvit_xxtiny hiera_tiny_224
hrnet_w18_small lcnetv2_small mvitv2_tiny repghostnet_050 res2net50_26w_4s resnest14d legacy_seresnet18 swinv2_tiny_window8_256
swinv2_cr_tiny_ns_224 tnt_s_patch16_224 tresnet_m twins_svt_small vit_tiny_r_s16_p8_224 vitamin_small_224 volo_d1_224
ese_vovnet19b_slim_dw xception41 convmixer_768_32 resnetv2_18 inception_v4 cspnext_tiny efficientvim_m1 iformer_t lowformer_b0
resnet10t resnet18 resnet26d seresnet33ts mobilenetv2_050 mobilenetv3_small_050
mobilenetv4_conv_small efficientnet_b0 tf_efficientnet_lite0 efficientnetv2_rw_t mnasnet_small spnasnet_100 fbnetc_100
ghostnet_050 ghostnetv2_100 hardcorenas_a lcnet_050 tinynet_e regnetx_002 regnety_002 regnetz_b16 inception_v3
dla34 selecsls42 darknet17 convnext_atto
convnext_atto_ols convnextv2_atto vit_tiny_patch16_224 vit_relpos_small_patch16_224
vit_small_patch32_224 deit_tiny_patch16_224 deit_tiny_distilled_patch16_224 deit3_small_patch16_224 eva02_tiny_patch14_224 swin_tiny_patch4_window7_224 cait_xxs24_224 xcit_nano_12_p16_224
levit_128s levit_conv_128s repvit_m0_9 efficientformer_l1 efficientformerv2_s0 efficientvit_b0 efficientvit_m0 mobilevit_xxs
mobilevitv2_050 mobileone_s0 repvgg_a0 fastvit_t8 edgenext_xx_small poolformer_s12 caformer_s18 convformer_s18 pvt_v2_b0
visformer_tiny pit_ti_224 pit_ti_distilled_224 coatnet_0_rw_224 mixer_s32_224 gmlp_ti16_224 resmlp_12_224 eca_nfnet_l0 nf_resnet26 rexnet_100 skresnet18 gernet_s nest_tiny focalnet_tiny_srf davit_tiny tiny_vit_5m_224 inception_next_atto hgnet_tiny
hgnetv2_b0 mambaout_femto starnet_s1 shvit_s1 swiftformer_xs test_vit test_resnet test_efficientnet""".split()


class NotBuilt(Exception):
    """The model's own code does not take the sizes that are given here."""


def torch_export(model, file, exporter, size, opened=False, name="pixel_values"):
    import torch

    model = model.eval()
    x = torch.zeros(2, 3, *size)
    if exporter == "dynamo":
        torch.onnx.export(model, (x,), file, dynamo=True, input_names=[name], output_names=["logits"],
                          dynamic_shapes=({0: torch.export.Dim("batch")},), verbose=False)
        return
    axes = {0: "batch", 1: "channels", 2: "height", 3: "width"} if opened else {0: "batch"}
    torch.onnx.export(model, (x,), file, dynamo=False, opset_version=17, input_names=[name], output_names=["logits"],
                      dynamic_axes={name: axes, "logits": {0: "batch"}})


def transformers_models():
    """As optimum exports them: one input, all of its dimensions open, one output, the logits."""
    import torch
    import transformers

    class Logits(torch.nn.Module):
        def __init__(self, model):
            super().__init__()
            self.model = model

        def forward(self, pixel_values):
            return self.model(pixel_values=pixel_values).logits

    for exporter in ("torchscript", "dynamo"):
        for family, sizes in FAMILIES.items():
            def make(file, family=family, sizes=sizes, exporter=exporter):
                names = [n for n in dir(transformers) if n.endswith("ForImageClassification")]
                plain = family.replace("_", "").lower()
                wanted = CLASS_OF.get(family) or next(
                    n for n in names if n.lower() == f"{plain}forimageclassification"
                )
                cls = getattr(transformers, wanted)
                given = dict(vision_config=sizes["vision"]) if "vision" in sizes else sizes
                torch.manual_seed(0)
                try:
                    model = Logits(cls(cls.config_class(**{**given, "num_labels": CLASSES}))).eval()
                    with torch.no_grad():
                        assert model(torch.zeros(2, 3, 64, 64)).shape == (2, CLASSES)
                except Exception as error:
                    raise NotBuilt(repr(error)) from error
                torch_export(model, file, exporter, (64, 64), opened=exporter == "torchscript")
                return dict(size=64)
            yield f"transformers {family}", exporter, make


def timm_models():
    import timm
    import torch

    for exporter in ("torchscript", "dynamo"):
        for name in TIMM if exporter == "torchscript" else TIMM_DYNAMO:
            def make(file, name=name, exporter=exporter):
                torch.manual_seed(0)
                model = timm.create_model(name, num_classes=CLASSES, exportable=True)
                size = model.pretrained_cfg.get("input_size", (3, 224, 224))[1:]
                said = None
                weight = getattr(model.get_classifier(), "weight", None)
                if weight is not None and not weight.any():
                    # As timm starts them: what inspect refuses, with reason, until they are trained.
                    torch.nn.init.normal_(weight, std=0.02)
                    said = "timm starts this head at 0; it was drawn at random here"
                torch_export(model, file, exporter, size, name="input")
                return dict(size=size[0], said=said)
            yield f"timm {name}", exporter, make


def sklearn_models():
    import numpy as np
    from skl2onnx import to_onnx
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(400, 12)).astype("float32"), rng.integers(0, 5, 400)
    for model, options in [
        (LogisticRegression(), {}),
        (make_pipeline(StandardScaler(), LogisticRegression()), {"zipmap": False}),
        (MLPClassifier((16,), max_iter=30), {}),
        (MLPClassifier((16, 8), max_iter=30), {"zipmap": False}),
        (SGDClassifier(loss="log_loss"), {}),
        (LinearSVC(), {}),
        (RidgeClassifier(), {}),
        (LinearDiscriminantAnalysis(), {}),
    ]:
        last = model[-1] if hasattr(model, "steps") else model

        def make(file, model=model, last=last, options=options):
            model.fit(x, y)
            given = {id(last): options} if options else None
            file.write_bytes(to_onnx(model, x[:1], options=given, target_opset=17).SerializeToString())
            return dict(size=None)
        what = type(last).__name__ + (" in a pipeline" if last is not model else "")
        what += " of two layers" if getattr(last, "hidden_layer_sizes", None) == (16, 8) else ""
        yield f"scikit-learn {what}", "skl2onnx", make


def keras_models():
    import tensorflow as tf
    import tf2onnx
    from tensorflow.keras import applications as apps

    for name, arguments in dict(
        MobileNet=dict(alpha=0.25), MobileNetV2=dict(alpha=0.35), MobileNetV3Small=dict(alpha=0.75, minimalistic=True),
        EfficientNetB0={}, EfficientNetV2B0={}, NASNetMobile={}, DenseNet121={}, ResNet50={}, ConvNeXtTiny={}, Xception={},
    ).items():
        def make(file, name=name, arguments=arguments):
            tf.keras.utils.set_random_seed(0)
            size = 224 if name == "NASNetMobile" else 96
            model = getattr(apps, name)(weights=None, classes=CLASSES, input_shape=(size, size, 3), **arguments)
            call = tf.function(lambda image: model(image, training=False))
            spec = [tf.TensorSpec((None, size, size, 3), tf.float32, name="image")]
            tf2onnx.convert.from_function(call, input_signature=spec, opset=17, output_path=str(file))
            return dict(size=None)
        yield f"Keras {name}", "tf2onnx", make


def jax_models():
    """flax and plain jax, through jax2onnx."""
    import flax.nnx as nnx
    import jax
    import jax.numpy as jnp
    from jax2onnx import to_onnx

    class Cnn(nnx.Module):
        def __init__(self, rngs, last):
            self.conv = nnx.Conv(3, 16, (3, 3), strides=2, rngs=rngs)
            self.norm = nnx.LayerNorm(16, rngs=rngs)
            self.head = nnx.Linear(16, CLASSES, rngs=rngs)
            self.last = last

        def __call__(self, image):
            return self.last(self.head(self.norm(nnx.gelu(self.conv(image))).mean(axis=(1, 2))))

    class Mixer(nnx.Module):
        def __init__(self, rngs):
            self.embed = nnx.Conv(3, 32, (8, 8), strides=8, rngs=rngs)
            self.token, self.channel = nnx.Linear(16, 16, rngs=rngs), nnx.Linear(32, 32, rngs=rngs)
            self.norm, self.head = nnx.LayerNorm(32, rngs=rngs), nnx.Linear(32, CLASSES, rngs=rngs)

        def __call__(self, image):
            tokens = self.embed(image).reshape(-1, 16, 32)
            tokens = tokens + jnp.swapaxes(nnx.gelu(self.token(jnp.swapaxes(tokens, 1, 2))), 1, 2)
            return self.head(self.norm(tokens + nnx.gelu(self.channel(tokens))).mean(axis=1))

    class Attention(nnx.Module):
        def __init__(self, rngs):
            self.embed = nnx.Conv(3, 32, (8, 8), strides=8, rngs=rngs)
            self.attend = nnx.MultiHeadAttention(num_heads=2, in_features=32, decode=False, rngs=rngs)
            self.head = nnx.LinearGeneral(32, CLASSES, rngs=rngs)

        def __call__(self, image):
            tokens = self.embed(image).reshape(-1, 16, 32)
            return nnx.softmax(self.head(nnx.relu(tokens + self.attend(tokens))[:, 0]))

    keys = jax.random.split(jax.random.PRNGKey(0), 4)
    kernel, weight = jax.random.normal(keys[0], (3 * 32 * 32, 20)) / 50, jax.random.normal(keys[1], (20, CLASSES))

    def plain(image):
        return jnp.tanh(image.reshape(image.shape[0], -1) @ kernel) @ weight + 0.5

    def cosine(image):
        hidden = jax.nn.relu(image.reshape(image.shape[0], -1) @ kernel)
        return 10 * hidden @ (weight / jnp.linalg.norm(weight, axis=0))

    def batched(image):
        return jax.vmap(lambda one: jnp.einsum("d,dc->c", jax.nn.silu(one.ravel() @ kernel), weight))(image)

    for name, make_model in dict(
        plain=lambda: plain, cosine=lambda: cosine, vmap_einsum=lambda: batched,
        flax_cnn=lambda: Cnn(nnx.Rngs(0), lambda z: z), flax_softmax=lambda: Cnn(nnx.Rngs(0), nnx.softmax),
        flax_log_softmax=lambda: Cnn(nnx.Rngs(0), nnx.log_softmax), flax_sigmoid=lambda: Cnn(nnx.Rngs(0), nnx.sigmoid),
        flax_mixer=lambda: Mixer(nnx.Rngs(0)), flax_attention=lambda: Attention(nnx.Rngs(0)),
    ).items():
        def make(file, make_model=make_model):
            import onnx

            made = to_onnx(make_model(), [("B", 32, 32, 3)])
            onnx.save(made, str(file))
        yield f"JAX {name}", "jax2onnx", make


def paddle_models():
    import paddle
    from paddle.vision import models

    for name, build in dict(
        LeNet=None, mobilenet_v1=dict(scale=0.25), mobilenet_v2=dict(scale=0.25), mobilenet_v3_small=dict(scale=0.5),
        resnet18={}, squeezenet1_1={}, shufflenet_v2_x0_25={}, vgg11={}, densenet121={}, googlenet={},
    ).items():
        def make(file, name=name, build=build):
            paddle.seed(0)
            if build is None:
                model, shape = models.LeNet(num_classes=CLASSES), [None, 1, 28, 28]
            else:
                model, shape = getattr(models, name)(num_classes=CLASSES, **build), [None, 3, 64, 64]
            if name == "vgg11":
                shape = [None, 3, 224, 224]
            model.eval()
            spec = [paddle.static.InputSpec(shape, "float32", "image")]
            paddle.onnx.export(model, str(file.with_suffix("")), input_spec=spec, opset_version=13)
        yield f"Paddle {name}", "paddle2onnx", make


def ultralytics_models():
    import shutil

    from ultralytics import YOLO

    for name in ("yolov8n-cls", "yolo11n-cls", "yolo26n-cls", "yolov8n-cls-resnet50"):
        for options in ({}, dict(dynamic=True), dict(simplify=False, opset=12)):
            def make(file, name=name, options=options):
                made = YOLO(f"{name}.yaml").export(format="onnx", imgsz=64, verbose=False, **options)
                shutil.move(made, file)
            said = " ".join(f"{key}={value}" for key, value in options.items())
            yield f"ultralytics {name} {said}".strip(), "export(format='onnx')", make


def inspect(file, size):
    command = ["node", str(ROOT / "dist/cli/main.js"), "inspect", str(file), "--json"]
    done = subprocess.run([*command, *(["--image-size", str(size)] if size else [])], capture_output=True, text=True)
    if done.returncode != 0 and size and "--image-size" in done.stderr:
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        return dict(verdict=done.stderr.split("\n")[0].replace(str(file), "FILE"))
    found = json.loads(done.stdout)
    return dict(d=found["featureDim"], c=found["classCount"], verdict="read", notes=found["notes"])


def versions_of(kind):
    packages = dict(
        transformers=["transformers", "torch", "onnxscript"], timm=["timm", "torch", "onnxscript"],
        sklearn=["scikit-learn", "skl2onnx"], keras=["keras", "tensorflow", "tensorflow-cpu", "tf2onnx"],
        jax=["jax", "flax", "jax2onnx"], paddle=["paddlepaddle", "paddle2onnx"], ultralytics=["ultralytics", "torch"],
    )[kind]
    return f"{date.today()}, {', '.join(installed([*packages, 'onnx']))}, this project at {build_of()}"


def main(folder, wanted):
    folder.mkdir(parents=True, exist_ok=True)
    makers = dict(transformers=transformers_models, timm=timm_models, sklearn=sklearn_models, keras=keras_models,
                  jax=jax_models, paddle=paddle_models, ultralytics=ultralytics_models)
    rows = read_rows(EXPORTS)
    for kind in wanted or makers:
        known = {(row["name"], row["exporter"]) for row in rows}
        made_with = versions_of(kind)
        for name, exporter, make in makers[kind]():
            if (name, exporter) in known:
                continue
            file = folder / f"{kind}.onnx"
            for old in folder.glob(f"{kind}.onnx*"):
                old.unlink()
            row = dict(name=name, exporter=exporter, made_with=made_with)
            try:
                made = make(file) or {}
                row.update(inspect(file, made.get("size")), said=made.get("said"))
            except NotBuilt as error:
                row["unbuilt"] = first_line(error)
            except Exception as error:  # noqa: BLE001: an exporter may fail in any way
                row["unmade"] = first_line(error)
            rows.append({key: value for key, value in row.items() if value})
            save_rows(EXPORTS, rows)
            print(name, exporter, row.get("d"), row.get("c"), row.get("verdict") or said_of(row), flush=True)


def first_line(error):
    text = "".join(traceback.format_exception_only(error)).strip()
    return re.sub(r"\x1b\[[0-9;]*m", "", text).split("\n")[0][:300]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
