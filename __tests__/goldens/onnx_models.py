"""Writes the small models of __tests__/fixtures/onnx and what is known of them (expected.json).

    python __tests__/goldens/onnx_models.py

Needs onnx, onnxruntime, torch (with onnxscript) and NumPy. Every model that the library must take comes with one input
and, from ONNX Runtime's Python package or from PyTorch, its features and logits; where the graph was written by hand,
also with the head's weight and bias as written down here. Every model that it must refuse comes with a part of the
message. Arrays are float32, little-endian, base64. Weights are random, seeded.
"""

import base64
import json
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper

HERE = Path(__file__).resolve().parent.parent / "fixtures" / "onnx"
D, C = 5, 4
rng = np.random.default_rng(7)
W = rng.standard_normal((C, D)).astype(np.float32)
B = rng.standard_normal(C).astype(np.float32)
BODY = rng.standard_normal((6, D)).astype(np.float32)
X = rng.standard_normal((3, 6)).astype(np.float32)
IMAGE = rng.standard_normal((3, 3, 6, 6)).astype(np.float32)
KERNEL = rng.standard_normal((D, 3, 3, 3)).astype(np.float32) / 3

accepted, refused = [], []


# --- what is said of a model: kinds of lib/words/model-notes.ts -----------------------------------------------------------
def front(logits="y", output="p", kind="softmax", form="node"):
    return {"kind": "output-form", "output": output, "form": {"kind": kind, "as": form}, "logits": logits}


def folded(node, several=False):
    return {"kind": "folded", "node": node, "several": several}


def text(array):
    return base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode()


def node(op, inputs, outputs, name=None, **attributes):
    outputs = outputs.split() if isinstance(outputs, str) else outputs
    inputs = inputs.split() if isinstance(inputs, str) else inputs
    return h.make_node(op, inputs, outputs, name=name or f"n_{outputs[0]}", **attributes)


def const(name, array, dtype=None):
    return numpy_helper.from_array(np.asarray(array, dtype), name)


def value(name, dims, dtype=T.FLOAT):
    return h.make_tensor_value_info(name, dtype, dims)


def model(nodes, constants, inputs, outputs, opset=17, extra=(), **graph):
    # IR version 8 is what opset 17 came with; 10 brought opset 21.
    imports = [h.make_opsetid("", opset), *[h.make_opsetid(domain, 1) for domain in extra]]
    made = h.make_graph(nodes, "g", inputs, outputs, initializer=constants, **graph)
    return h.make_model(made, opset_imports=imports, ir_version=10 if opset > 20 else 8, producer_name="by hand")


def run(proto, x, names):
    """Features and logits as ONNX Runtime computes them, with the tensors exposed by the onnx package."""
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    have = {o.name for o in copy.graph.output}
    for name in names:
        if name not in have:
            copy.graph.output.append(onnx.ValueInfoProto(name=name))
    options = ort.SessionOptions()
    options.log_severity_level = 3
    # Otherwise a quantised weight makes ONNX Runtime compute with quantised activations.
    options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "1")
    session = ort.InferenceSession(copy.SerializeToString(), options, providers=["CPUExecutionProvider"])
    key = session.get_inputs()[0].name
    return session.run(list(names), {key: x})


def accept(name, proto, x, features, logits, weight=None, bias=None, notes=(), options=None, write=True, **extra):
    if write:
        (HERE / f"{name}.onnx").write_bytes(proto if isinstance(proto, bytes) else proto.SerializeToString())
    if "outputs" in extra:
        f, z = extra.pop("outputs")
    else:
        fixed = proto.graph.input[0].type.tensor_type.shape.dim[0].dim_value
        rows = [run(proto, x[i : i + fixed], [features, logits]) for i in range(0, len(x), fixed)] if fixed else [run(proto, x, [features, logits])]
        f, z = (np.concatenate([np.asarray(r[k]) for r in rows], axis=0) for k in (0, 1))
    if extra.get("columns"):
        f = f.T
    entry = {
        "name": name,
        "dims": list(x.shape),
        "type": str(x.dtype),
        "input": text(x),
        "features": text(np.asarray(f, np.float32).reshape(len(x), -1)),
        "logits": text(np.asarray(z, np.float32).reshape(len(x), -1)),
        "featuresTensor": features,
        "logitsTensor": logits,
        "notes": list(notes),
        **extra,
    }
    if options:
        entry["options"] = options
    if weight is not None:
        entry["weight"] = text(weight)
        entry["bias"] = text(np.zeros(len(weight)) if bias is None else bias)
    accepted.append(entry)


def refuse(name, proto, *parts, at="find", options=None):
    """`at`: find (already by the graph) or load (by running it)."""
    (HERE / f"{name}.onnx").write_bytes(proto.SerializeToString())
    refused.append({"name": name, "parts": list(parts), "at": at, "options": options or {}})


def tail(nodes, constants, outputs=("y",), opset=17, x_type=T.FLOAT, y_type=T.FLOAT, extra=(), **graph):
    """x (n, 6) → MatMul → Relu → f (n, 5) → `nodes`."""
    body = [node("MatMul", "x body", "m"), node("Relu", "m", "f")]
    dtype = h.tensor_dtype_to_np_dtype(x_type)
    return model(
        body + nodes,
        [const("body", BODY.astype(dtype)), *constants],
        [value("x", ["n", 6], x_type)],
        [value(o, None, y_type) for o in outputs],
        opset,
        extra,
        **graph,
    )


wt, w, b = const("wt", W.T), const("w", W), const("b", B)
gemm = node("Gemm", "f w b", "y", transB=1)

# --- the head itself -------------------------------------------------------------------------------------------------
accept("gemm_transb", tail([gemm], [w, b]), X, "f", "y", W, B)
accept("gemm_plain", tail([node("Gemm", "f wt b", "y")], [wt, b]), X, "f", "y", W, B)
accept("gemm_alpha_beta", tail([node("Gemm", "f w b", "y", transB=1, alpha=0.5, beta=-2.0)], [w, b]), X, "f", "y", W * 0.5, B * -2)
accept("gemm_no_bias", tail([node("Gemm", "f w", "y", transB=1)], [w]), X, "f", "y", W)
accept("gemm_scalar_bias", tail([node("Gemm", "f w b1", "y", transB=1)], [w, const("b1", np.float32(0.25))]), X, "f", "y", W, np.full(C, 0.25))
accept("gemm_transa", tail([node("Transpose", "f", "ft", perm=[1, 0]), node("Gemm", "ft w b", "y", transA=1, transB=1)], [w, b]), X, "f", "y", W, B)
columns = model(
    [node("Transpose", "x", "xt", perm=[1, 0]), node("MatMul", "bodyt xt", "m"), node("Relu", "m", "f"), node("Gemm", "f w b", "y", transA=1, transB=1)],
    [const("bodyt", BODY.T), w, b],
    [value("x", ["n", 6])],
    [value("y", ["n", C])],
)
accept("gemm_transa_columns", columns, X, "f", "y", W, B, columns=True)
accept(
    "weight_on_the_left",
    tail(
        [
            node("Transpose", "f", "ft", perm=[1, 0]),
            node("MatMul", "w ft", "p"),
            node("Add", "p bc", "q"),
            node("Transpose", "q", "y", perm=[1, 0]),
        ],
        [w, const("bc", B[:, None])],
    ),
    X, "f", "y", W, B,
)
accept("matmul_add", tail([node("MatMul", "f wt", "p"), node("Add", "p b", "y")], [wt, b]), X, "f", "y", W, B)
accept("add_matmul", tail([node("MatMul", "f wt", "p"), node("Add", "b p", "y")], [wt, b]), X, "f", "y", W, B)
accept("matmul_alone", tail([node("MatMul", "f wt", "y")], [wt]), X, "f", "y", W)
accept("only_linear", model([node("Gemm", "x w b", "y", transB=1)], [const("w", BODY.T), const("b", np.ones(D, np.float32))], [value("x", ["n", 6])], [value("y", ["n", D])]), X, "x", "y", BODY.T, np.ones(D))
W2 = rng.standard_normal((3, C)).astype(np.float32)
chain = tail([node("MatMul", "f wt", "p"), node("MatMul", "p w2", "y")], [wt, const("w2", W2.T)])
accept("two_layers", chain, X, "p", "y", W2)
accept("two_layers_named", chain, X, "f", "y", W2 @ W, options={"features": "f"})
accept(
    "features_before_scaling",
    tail([node("Mul", "f s", "g"), node("Add", "g t", "k"), node("Gemm", "k w b", "y", transB=1)], [w, b, const("s", np.arange(1, 6, dtype=np.float32)), const("t", np.float32(0.5))]),
    X, "f", "y", W * np.arange(1, 6), B + W.sum(1) * 0.5, [folded("Add 'n_k'"), folded("Mul 'n_g'")], options={"features": "f"},
)  # fmt: skip


def image_model(nodes, constants, outputs=("y",), opset=17, dims=("n", 3, 6, 6), extra=(), dtype=np.float32):
    """image (n, 3, 6, 6) → Conv → BatchNormalization → Relu → GlobalAveragePool → f (n, 5, 1, 1) → `nodes`."""
    norm = [np.linspace(0.5, 1.5, D), np.linspace(-1, 1, D), np.linspace(0, 0.4, D), np.linspace(0.5, 2, D)]
    onnx_type = h.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return model(
        [
            node("Conv", "x kernel", "c", pads=[1, 1, 1, 1]),
            node("BatchNormalization", "c bn0 bn1 bn2 bn3", "norm"),
            node("Relu", "norm", "r"),
            node("GlobalAveragePool", "r", "f"),
            *nodes,
        ],
        [const("kernel", KERNEL.astype(dtype)), *[const(f"bn{i}", a.astype(dtype)) for i, a in enumerate(norm)], *constants],
        [value("x", dims, onnx_type)],
        [value(o, None, onnx_type) for o in outputs],
        opset,
        extra,
    )


wc = const("wc", W[:, :, None, None])
conv_head = node("Conv", "f wc b", "y4")
accept("conv_flatten", image_model([conv_head, node("Flatten", "y4", "y")], [wc, b]), IMAGE, "f", "y", W, B)
accept("conv_reshape_softmax", image_model([conv_head, node("Reshape", "y4 s", "y"), node("Softmax", "y", "p", axis=1)], [wc, b, const("s", [-1, C], np.int64)], ("p",)), IMAGE, "f", "y", W, B, [front()])
accept("conv_softmax_on_map", image_model([conv_head, node("Softmax", "y4", "q", axis=1), node("Squeeze", "q a", "p")], [wc, b, const("a", [2, 3], np.int64)], ("p",)), IMAGE, "f", "y4", W, B, [front("y4")])
accept("conv_transpose", image_model([conv_head, node("Transpose", "y4", "t", perm=[0, 2, 3, 1]), node("Reshape", "t s", "y")], [wc, b, const("s", [0, -1], np.int64)]), IMAGE, "f", "y", W, B)
accept("conv_scaled_on_map", image_model([conv_head, node("Mul", "y4 k", "z"), node("Flatten", "z", "y")], [wc, b, const("k", np.arange(1, 5, dtype=np.float32)[:, None, None])]), IMAGE, "f", "y", W * np.arange(1, 5)[:, None], B * np.arange(1, 5), [folded("Mul 'n_z'")])

# --- opsets: the same network as each of them writes it -----------------------------------------------------------------
for opset in (7, 11, 13, 17, 21, 22):
    squeeze = node("Squeeze", "f", "s", axes=[2, 3]) if opset < 13 else node("Squeeze", "f a", "s")
    if opset < 12:
        drop = node("Dropout", "y", "u", ratio=0.5)
    else:
        drop = node("Dropout", "y ratio off", "u")
    extra_constants = [] if opset < 13 else [const("a", [2, 3], np.int64)]
    if opset >= 12:
        extra_constants += [const("ratio", np.float32(0.5)), const("off", np.array(False))]
    body = [squeeze, node("Gemm", "s w b", "y", transB=1), drop, node("Softmax", "u", "p", axis=1)]
    accept(f"opset{opset}", image_model(body, [w, b, *extra_constants], ("p",), opset), IMAGE, "s", "u", W, B, [front("u")])

# --- what may lie behind the head ---------------------------------------------------------------------------------------
accept("log_softmax", tail([gemm, node("LogSoftmax", "y", "p")], [w, b], ("p",)), X, "f", "y", W, B, [front(kind="log-softmax")])
accept("identity_cast", tail([gemm, node("Identity", "y", "i"), node("Cast", "i", "z", to=T.DOUBLE)], [w, b], ("z",), y_type=T.DOUBLE), X, "f", "z", W, B)
accept("unsqueeze_flatten", tail([gemm, node("Unsqueeze", "y a", "u"), node("Flatten", "u", "z")], [w, b, const("a", [2], np.int64)], ("z",)), X, "f", "z", W, B)
accept("softmax_scaled", tail([gemm, node("Softmax", "y", "q"), node("Mul", "q k", "p")], [w, b, const("k", np.float32(100))], ("p",)), X, "f", "y", W, B, [front()])
K = np.array([0.5, 2, -1, 3], np.float32)
k = const("k", K)
folds = {
    "mul_scalar": ([node("Mul", "y k1", "z")], [const("k1", np.float32(4))], W * 4, B * 4),
    "mul_classes": ([node("Mul", "k y", "z")], [k], W * K[:, None], B * K),
    "div_classes": ([node("Div", "y k", "z")], [const("k", K[None])], W / K[:, None], B / K),
    "sub_right": ([node("Sub", "y k", "z")], [k], W, B - K),
    "sub_left": ([node("Sub", "k y", "z")], [k], -W, K - B),
    "negated": ([node("Neg", "y", "z")], [], -W, -B),
    "exp_scale": ([node("Exp", "k1", "e"), node("Mul", "y e", "z")], [const("k1", np.float32(0.7))], W * np.exp(0.7), B * np.exp(0.7)),
}
for name, (nodes, constants, weight, bias) in folds.items():
    last = "n_z"
    notes = [] if name == "negated" else [folded(f"{nodes[-1].op_type} '{last}'")]
    accept(f"fold_{name}", tail([gemm, *nodes], [w, b, *constants], ("z",)), X, "f", "z", weight, bias, notes)
gamma, beta, mean, var = (rng.random(C).astype(np.float32) + 0.5 for _ in range(4))
scale = gamma / np.sqrt(var + 1e-3)
norm = [const(n, a) for n, a in zip("gamma beta mean var".split(), (gamma, beta, mean, var))]
accept(
    "fold_batchnorm",
    tail([gemm, node("BatchNormalization", "y gamma beta mean var", "z", epsilon=1e-3), node("Div", "z t", "u"), node("Softmax", "u", "p")], [w, b, *norm, const("t", np.float32(2))], ("p",)),
    X, "f", "u", W * scale[:, None] / 2, ((B - mean) * scale + beta) / 2,
    [front("u"), folded("Div 'n_u'"), folded("BatchNormalization 'n_z'", several=True)],
)  # fmt: skip

# --- how weights are stored ---------------------------------------------------------------------------------------------
accept("float_data", tail([gemm], [h.make_tensor("w", T.FLOAT, [C, D], W.ravel()), h.make_tensor("b", T.FLOAT, [C], B)]), X, "f", "y", W, B)
x64 = X.astype(np.float64)
double = [h.make_tensor("w", T.DOUBLE, [C, D], W.ravel().astype(np.float64)), const("b", B.astype(np.float64))]
accept("double", tail([gemm], double, x_type=T.DOUBLE, y_type=T.DOUBLE), X, "f", "y", W, B, outputs=run(tail([gemm], double, x_type=T.DOUBLE, y_type=T.DOUBLE), x64, ["f", "y"]), precision="float64")
W16, B16 = W.astype(np.float16), B.astype(np.float16)
half = [const("w", W16), h.make_tensor("b", T.FLOAT16, [C], B16)]
h16 = tail([gemm], half, x_type=T.FLOAT16, y_type=T.FLOAT16)
X16 = X.astype(np.float16)
accept("float16", h16, X16.astype(np.float32), "f", "y", W16, B16, outputs=run(h16, X16, ["f", "y"]), precision="float16")
cast_weights = [node("Cast", "w16", "w", to=T.FLOAT), node("Cast", "b16", "b", to=T.FLOAT), gemm]
accept("float16_weights", tail(cast_weights, [h.make_tensor("w16", T.FLOAT16, [C, D], W16.ravel()), const("b16", B16)]), X, "f", "y", W16, B16)
Wb = (W.view(np.uint32) & 0xFFFF0000).view(np.float32)
bf_raw = onnx.TensorProto(name="w16", data_type=T.BFLOAT16, dims=[C, D], raw_data=(Wb.view(np.uint32) >> 16).astype("<u2").tobytes())
Bb = (B.view(np.uint32) & 0xFFFF0000).view(np.float32)
bf_typed = onnx.TensorProto(name="b16", data_type=T.BFLOAT16, dims=[C], int32_data=[int(v) for v in Bb.view(np.uint32) >> 16])
accept("bfloat16_weights", tail(cast_weights, [bf_raw, bf_typed]), X, "f", "y", Wb, Bb)
Q = rng.integers(0, 256, (C, D)).astype(np.uint8)
dequantized = (Q.astype(np.float32) - 120) * np.float32(0.02)
accept("dequantize_tensor", tail([node("DequantizeLinear", "q s z", "w"), gemm], [const("q", Q), const("s", np.float32(0.02)), const("z", np.uint8(120)), b]), X, "f", "y", dequantized, B)
Q8 = rng.integers(-128, 128, (D, C)).astype(np.int8)
S8 = np.array([0.01, 0.02, 0.03, 0.04], np.float32)
Z8 = np.array([1, -2, 3, 0], np.int8)
dequantized = ((Q8.astype(np.float32) - Z8) * S8).T
accept("dequantize_axis", tail([node("DequantizeLinear", "q s z", "wt", axis=1), node("MatMul", "f wt", "p"), node("Add", "p b", "y")], [const("q", Q8), const("s", S8), const("z", Z8), b]), X, "f", "y", dequantized, B)
accept("dequantize_axis0_typed", tail([node("DequantizeLinear", "q s", "w", axis=0), gemm], [h.make_tensor("q", T.INT8, [C, D], Q8.T.ravel()), const("s", S8), b]), X, "f", "y", Q8.T * S8[:, None], B)
accept(
    "weight_behind_nodes",
    tail(
        [
            node("Constant", [], "w0", value=const("v", W.astype(np.float64).reshape(2, 2, D))),
            node("Cast", "w0", "w1", to=T.FLOAT),
            node("Reshape", "w1 s", "w2"),
            node("Transpose", "w2", "w3"),
            node("Identity", "w3", "w4"),
            node("Constant", [], "b0", value_floats=[float(v) for v in B]),
            node("Unsqueeze", "b0 a", "b1"),
            node("MatMul", "f w4", "p"),
            node("Add", "p b1", "y"),
        ],
        [const("s", [C, -1], np.int64), const("a", [0], np.int64)],
    ),
    X, "f", "y", W, B,
)
accept("bias_of_shape", tail([node("ConstantOfShape", "s", "b", value=h.make_tensor("v", T.FLOAT, [1], [0.5])), gemm], [w, const("s", [C], np.int64)]), X, "f", "y", W, np.full(C, 0.5))

# --- models with several outputs ----------------------------------------------------------------------------------------
accept("outputs_features_logits", tail([gemm], [w, b], ("f", "y")), X, "f", "y", W, B)
accept("outputs_logits_features", tail([gemm], [w, b], ("y", "f")), X, "f", "y", W, B)
accept("outputs_logits_probabilities", tail([gemm, node("Softmax", "y", "p")], [w, b], ("y", "p")), X, "f", "y", W, B)
accept("outputs_projection", tail([node("MatMul", "f wt", "p"), node("MatMul", "p w2", "y")], [wt, const("w2", W2.T)], ("p", "y")), X, "p", "y", W2)
two = tail([gemm, node("MatMul", "f other", "y2")], [w, b, const("other", W[:2].T)], ("y", "y2"))
refuse("two_heads", two, "found 2", "'y'", "'y2'", "'logits'")
accept("two_heads_named", two, X, "f", "y2", W[:2], options={"logits": "y2"}, write=True)

# --- inputs -------------------------------------------------------------------------------------------------------------
nhwc = model(
    [
        node("Transpose", "x", "t", perm=[0, 3, 1, 2]),
        node("Conv", "t kernel", "c", pads=[1, 1, 1, 1]),
        node("Relu", "c", "r"),
        node("ReduceMean", "r", "f", axes=[2, 3], keepdims=0),
        node("MatMul", "f wt", "StatefulPartitionedCall/dense/MatMul", name="StatefulPartitionedCall/dense/MatMul"),
        node("Add", ["StatefulPartitionedCall/dense/MatMul", "b"], "y", name="StatefulPartitionedCall/dense/BiasAdd"),
        node("Softmax", "y", "p"),
    ],
    [const("kernel", KERNEL), wt, b],
    [value("x", ["unk__6", 6, 6, 3])],
    [value("p", ["unk__7", C])],
    13,
)
accept("tf2onnx", nhwc, IMAGE.transpose(0, 2, 3, 1).copy(), "f", "y", W, B, [front()], layout="nhwc", imageSize=[6, 6])
flat = [node("Flatten", "f", "s"), node("Gemm", "s w b", "y", transB=1)]
accept("batch1", image_model(flat, [w, b], dims=(1, 3, 6, 6)), IMAGE, "s", "y", W, B, batchSize=1)
five = np.concatenate([IMAGE, IMAGE[:2] * 0.5])
fixed2 = image_model(flat, [w, b], dims=(2, 3, 6, 6))
accept("batch2", fixed2, five, "s", "y", W, B, batchSize=2, outputs=[np.concatenate(p)[:5] for p in zip(*[run(fixed2, np.concatenate([five, five[4:]])[i : i + 2], ["s", "y"]) for i in (0, 2, 4)])])
accept("open_size", image_model(flat, [w, b], dims=("n", 3, "h", "w")), IMAGE, "s", "y", W, B, options={"imageSize": 6}, layout="nchw", imageSize=[6, 6])
tokens = model(
    [node("Gather", "table x", "e"), node("ReduceMean", "e", "f", axes=[1], keepdims=0), gemm],
    [const("table", rng.standard_normal((8, D)).astype(np.float32)), w, b],
    [value("x", ["n", "words"], T.INT64)],
    [value("y", ["n", C])],
)
accept("tokens", tokens, np.array([[0, 1, 7, 3], [2, 2, 5, 1], [4, 0, 0, 6]], np.int64), "f", "y", W, B, layout="other")
bytes_in = model([node("Cast", "x", "xf", to=T.FLOAT), node("MatMul", "xf body", "m"), node("Relu", "m", "f"), gemm], [const("body", BODY / 100), w, b], [value("x", ["n", 6], T.UINT8)], [value("y", ["n", C])])
accept("uint8_input", bytes_in, rng.integers(0, 256, (3, 6)).astype(np.uint8), "f", "y", W, B)
legacy = tail([gemm], [w, b])
legacy.graph.input.extend([value("w", [C, D]), value("b", [C])])
accept("initializers_as_inputs", legacy, X, "f", "y", W, B)

# --- ONNX Runtime's own forms -------------------------------------------------------------------------------------------
MS = ("com.microsoft",)


def ms(op, inputs, outputs, **attributes):
    return node(op, inputs, outputs, domain="com.microsoft", **attributes)


accept("fused_matmul", tail([ms("FusedMatMul", "f w", "p", transB=1, alpha=0.5), node("Add", "p b", "y")], [w, b], extra=MS), X, "f", "y", W * 0.5, B)
refuse("fused_gemm_relu", tail([ms("FusedGemm", "f w b", "y", transB=1, activation="Relu")], [w, b], extra=MS), "com.microsoft.FusedGemm", "fused with Relu")
refuse("fused_conv_relu", image_model([ms("FusedConv", "f wc b", "y4", activation="Relu"), node("Flatten", "y4", "y")], [wc, b], extra=MS), "FusedConv", "fused with Relu")
refuse("nchwc_head", image_model([h.make_node("Conv", ["f", "wc", "b"], ["y4"], name="n_y4", domain="com.microsoft.nchwc"), node("Flatten", "y4", "y")], [wc, b], extra=("com.microsoft.nchwc",)), "com.microsoft.nchwc", "'extended'")


def optimised(proto, level):
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        options.optimized_model_filepath = f"{folder}/o.onnx"
        ort.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return onnx.load(f"{folder}/o.onnx")


LEVELS = {
    "basic": ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
}


# --- PyTorch's exporters ------------------------------------------------------------------------------------------------
class Net(torch.nn.Module):
    def __init__(self, scale=False):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 8, 3, padding=1)
        self.bn = torch.nn.BatchNorm2d(8)
        self.drop = torch.nn.Dropout(0.2)
        self.fc = torch.nn.Linear(8, 6)
        self.logit_scale = torch.nn.Parameter(torch.tensor(0.3)) if scale else None

    def forward_features(self, x):
        return torch.relu(self.bn(self.conv(x))).mean((2, 3))

    def forward(self, x):
        z = self.fc(self.drop(self.forward_features(x)))
        return z if self.logit_scale is None else z * self.logit_scale.exp()


class Tokens(torch.nn.Module):
    """A transformer's end: LayerNorm, then the first token."""

    def __init__(self):
        super().__init__()
        self.patch = torch.nn.Conv2d(3, 8, 3, stride=3)
        self.norm = torch.nn.LayerNorm(8)
        self.head = torch.nn.Linear(8, 12)

    def forward_features(self, x):
        return self.norm(self.patch(x).flatten(2).transpose(1, 2))[:, 0]

    def forward(self, x):
        return torch.softmax(self.head(self.forward_features(x)), -1)


def torch_net(kind, **options):
    torch.manual_seed(3)
    net = kind(**options)
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.dim() > 1:
                parameter.mul_(2)
        if hasattr(net, "bn"):
            net.bn.running_mean.uniform_(-0.5, 0.5)
            net.bn.running_var.uniform_(0.5, 2)
    return net.eval()


def outputs_of(net):
    x = torch.from_numpy(IMAGE)
    with torch.no_grad():
        f = net.forward_features(x)
        layer = net.fc if hasattr(net, "fc") else net.head
        z = layer(f)
        scale = float(net.logit_scale.exp()) if getattr(net, "logit_scale", None) is not None else 1.0
    return [f.numpy(), z.numpy() * scale], layer.weight.detach().numpy() * scale, layer.bias.detach().numpy() * scale


def add_torch(name, net, dynamo, external=False):
    path = HERE / f"{name}.onnx"
    x = torch.from_numpy(IMAGE)
    kwargs = {"dynamic_shapes": ({0: torch.export.Dim("n")},), "external_data": external} if dynamo else {"dynamic_axes": {"x": {0: "n"}, "y": {0: "n"}}}
    torch.onnx.export(net, (x,), str(path), dynamo=dynamo, input_names=["x"], output_names=["y"], opset_version=18 if dynamo else 17, verbose=False, **kwargs)
    proto = onnx.load(path, load_external_data=False)
    # The exporters write down where each node came from: paths of one machine, and most of the file.
    for each in proto.graph.node:
        del each.metadata_props[:]
        each.doc_string = ""
    for each in [*proto.graph.value_info, *proto.graph.input, *proto.graph.output, *proto.graph.initializer]:
        del each.metadata_props[:]
    del proto.graph.metadata_props[:]
    del proto.metadata_props[:]
    path.write_bytes(proto.SerializeToString())
    last = next(n for n in reversed(proto.graph.node) if n.op_type in ("Gemm", "MatMul"))
    soft = proto.graph.node[-1]
    logits = soft.input[0] if soft.op_type == "Softmax" else "y"
    outputs, weight, bias = outputs_of(net)
    notes = []
    if soft.op_type == "Softmax":
        notes.append(front(logits, "y"))
    if soft.op_type == "Mul":
        notes.append(folded(f"Mul '{soft.name}'"))
    accept(name, proto, IMAGE, last.input[0], logits, weight, bias, notes, write=False, outputs=outputs)
    return proto


net = torch_net(Net)
warnings.simplefilter("ignore")
script = add_torch("torch_script_net", net, False)
dynamo = add_torch("torch_dynamo_net", net, True)
add_torch("torch_dynamo_external", net, True, external=True)
add_torch("torch_script_scaled", torch_net(Net, scale=True), False)
add_torch("torch_dynamo_scaled", torch_net(Net, scale=True), True)
script_tokens = add_torch("torch_script_tokens", torch_net(Tokens), False)
add_torch("torch_dynamo_tokens", torch_net(Tokens), True)

for level, flag in LEVELS.items():
    for name, proto, source in (("net", script, net), ("tokens", script_tokens, torch_net(Tokens))):
        saved = optimised(proto, flag)
        layer = next(n for n in reversed(saved.graph.node) if n.op_type in ("Gemm", "MatMul", "FusedMatMul"))
        soft = saved.graph.node[-1]
        logits = soft.input[0] if soft.op_type == "Softmax" else "y"
        notes = [front(logits, "y")] if logits != "y" else []
        outputs, weight, bias = outputs_of(source)
        accept(f"ort_{level}_{name}", saved, IMAGE, layer.input[0], logits, weight, bias, notes, outputs=outputs)
saved = optimised(tail([node("MatMul", "f wt", "p"), node("Add", "p b", "y")], [wt, b]), LEVELS["extended"])
accept("ort_extended_matmul_add", saved, X, saved.graph.node[-1].input[0], "y", W, B)
saved = optimised(image_model([conv_head, node("Mul", "y4 k", "z"), node("Flatten", "z", "y")], [wc, b, const("k", K[:, None, None])]), LEVELS["extended"])
accept("ort_extended_conv", saved, IMAGE, "f", "y", W * K[:, None], B * K)

# --- external data that must not be read --------------------------------------------------------------------------------
for name, location in (("external_parent", "../secret.bin"), ("external_absolute", "/etc/hostname"), ("external_windows", "C:\\secret.bin"), ("external_missing", "missing.bin")):
    outside = onnx.TensorProto(name="w", data_type=T.FLOAT, dims=[C, D], data_location=T.EXTERNAL)
    for key, entry in (("location", location), ("offset", "0"), ("length", str(4 * C * D))):
        outside.external_data.add(key=key, value=entry)
    parts = ["no such file", "missing.bin"] if name == "external_missing" else [location, "outside"]
    refuse(name, tail([gemm], [outside, b]), *parts, at="load")
short = onnx.TensorProto(name="w", data_type=T.FLOAT, dims=[C, D], data_location=T.EXTERNAL)
for key, entry in (("location", "external_short.bin"), ("offset", "8"), ("length", str(4 * C * D))):
    short.external_data.add(key=key, value=entry)
(HERE / "external_short.bin").write_bytes(b"\0" * 40)
refuse("external_short", tail([gemm], [short, b]), "external_short.bin", "40 bytes", at="load")

# --- linear all the same ----------------------------------------------------------------------------------------------------
def note(kind, form="pieces"):
    return [front("y", "z", kind, form)]


def both(*names):
    """The note of several tensors."""
    return [{"kind": "side-by-side", "tensors": list(names)}]


V = np.random.default_rng(8).standard_normal((3, D)).astype(np.float32)
vt = const("vt", V.T)
accept("sigmoid", tail([gemm, node("Sigmoid", "y", "z")], [w, b], ("z",)), X, "f", "y", W, B, note("sigmoid", "node"))
accept("sigmoid_in_pieces", tail([gemm, node("Neg", "y", "m1"), node("Exp", "m1", "e"), node("Add", "e o", "e1"), node("Div", "o e1", "z")], [w, b, const("o", np.float32(1))], ("z",)), X, "f", "y", W, B, note("sigmoid"))
pieces = [gemm, node("ReduceMax", "y", "t", axes=[1], keepdims=0), node("Max", "low t", "t2"), node("Reshape", "t2 col", "t3"), node("Sub", "y t3", "s"), node("Exp", "s", "e"), node("ReduceSum", "e ax", "u", keepdims=0), node("Reshape", "u col", "u2"), node("Expand", "u2 sh", "u3")]
pieces_constants = [w, b, const("low", np.float32(-np.inf)), const("col", [-1, 1], np.int64), const("ax", [1], np.int64), const("sh", [1, C], np.int64)]
accept("softmax_in_pieces", tail([*pieces, node("Div", "e u3", "z")], pieces_constants, ("z",)), X, "f", "y", W, B, note("softmax"))
accept("softmax_by_reciprocal", tail([*pieces, node("Reciprocal", "u3", "v"), node("Mul", "v e", "z")], pieces_constants, ("z",)), X, "f", "y", W, B, note("softmax"))
accept("log_softmax_in_pieces", tail([*pieces, node("Log", "u3", "v"), node("Sub", "s v", "z")], pieces_constants, ("z",)), X, "f", "y", W, B, note("log-softmax"))
accept("log_sum_exp", tail([gemm, node("ReduceLogSumExp", "y", "l", axes=[1]), node("Sub", "y l", "z")], [w, b], ("z",)), X, "f", "y", W, B, note("log-softmax"))
accept("log_of_softmax", tail([gemm, node("Softmax", "y", "p"), node("Log", "p", "z")], [w, b], ("z",)), X, "f", "y", W, B, [{**front(output="z"), "form": {"kind": "logarithm", "of": front()["form"]}}])
accept("sum_of_two", tail([gemm, node("MatMul", "f wt", "y2"), node("Add", "y y2", "z")], [w, wt, b], ("z",)), X, "f", "z", 2 * W, B)
accept("mean_of_two", tail([gemm, node("MatMul", "f wt", "y2"), node("Mean", "y y2", "z")], [w, wt, b], ("z",)), X, "f", "z", W, B / 2)
accept("difference", tail([gemm, node("MatMul", "f w3", "y2"), node("Sub", "y2 y", "z")], [w, b, const("w3", 3 * W.T)], ("z",)), X, "f", "z", 2 * W, -B)
accept("rounded_logits", tail([gemm, node("QuantizeLinear", "y s z0", "q"), node("DequantizeLinear", "q s z0", "o")], [w, b, const("s", np.float32(0.1)), const("z0", np.uint8(128))], ("o",)), X, "f", "y", W, B, [{"kind": "rounded-output", "node": "QuantizeLinear 'n_q'", "logits": "y"}])
accept("conv_grouped", image_model([node("Conv", "f wg", "y4", group=5), node("Flatten", "y4", "y")], [const("wg", W[:1].T[:, :, None, None])]), IMAGE, "f", "y", np.diag(W[0]))
accept("normalised_weight", tail([node("ReduceL2", "w", "l", axes=[1]), node("Max", "l tiny", "l1"), node("Div", "w l1", "wn"), node("Gemm", "f wn b", "y", transB=1)], [w, b, const("tiny", np.float32(1e-12))]), X, "f", "y", W / np.linalg.norm(W, axis=1, keepdims=True), B)
accept("lp_normalised_weight", tail([node("LpNormalization", "wt", "wn", axis=0), node("MatMul", "f wn", "y")], [wt]), X, "f", "y", W / np.linalg.norm(W, axis=1, keepdims=True))
accept("class_cut_off", tail([gemm, node("Slice", "y s1 e1 a1", "z")], [w, b, *(const(n, [v], np.int64) for n, v in (("s1", 1), ("e1", 2**31), ("a1", 1)))], ("z",)), X, "f", "z", W[1:], B[1:])
accept("classes_backwards", tail([gemm, node("Slice", "y s1 e1 a1 st", "z")], [w, b, *(const(n, [v], np.int64) for n, v in (("s1", -1), ("e1", -(2**31)), ("a1", -1), ("st", -1)))], ("z",)), X, "f", "z", W[::-1], B[::-1])
accept("classes_picked", tail([gemm, node("Gather", "y i", "z", axis=1)], [w, b, const("i", [3, 0, -2], np.int64)], ("z",)), X, "f", "z", W[[3, 0, 2]], B[[3, 0, 2]])
accept("second_half", tail([gemm, node("Split", "y", ["y1", "z"], axis=1)], [w, b], ("z",)), X, "f", "z", W[2:], B[2:])
accept("two_side_by_side", tail([gemm, node("MatMul", "f vt", "y2"), node("Concat", "y y2", "z", axis=1)], [w, b, vt], ("z",)), X, "f", "z", np.vstack([W, V]), np.concatenate([B, np.zeros(3)]))
accept("two_in_turn", tail([gemm, node("MatMul", "f wt", "y2"), node("Unsqueeze", "y a2", "u1"), node("Unsqueeze", "y2 a2", "u2"), node("Concat", "u1 u2", "u", axis=2), node("Reshape", "u sh", "z")], [w, b, wt, const("a2", [2], np.int64), const("sh", [0, -1], np.int64)], ("z",)), X, "f", "z", np.repeat(W, 2, 0), np.stack([B, 0 * B], 1).ravel())
accept("two_stacked", tail([gemm, node("MatMul", "f wt", "y2"), node("Unsqueeze", "y a1", "u1"), node("Unsqueeze", "y2 a1", "u2"), node("Concat", "u1 u2", "u", axis=1), node("ReduceMean", "u", "z", axes=[1], keepdims=0)], [w, b, wt, const("a1", [1], np.int64)], ("z",)), X, "f", "z", W, B / 2)
accept("einsum", tail([node("Einsum", "f w", "p", equation="nd,cd->nc"), node("Add", "p b", "y")], [w, b]), X, "f", "y", W, B)
accept("einsum_weight_first", tail([node("Einsum", "wt f", "y", equation="dc, nd -> nc")], [wt]), X, "f", "y", W)
two = [node("MatMul", "x body", "m"), node("Relu", "m", "f"), node("Neg", "m", "mn"), node("Relu", "mn", "g"), gemm, node("MatMul", "g vt4", "y2")]
two_constants = [const("body", BODY), w, b, const("vt4", (W[::-1] * 2).T)]
sides = lambda nodes, outputs: model([*two, *nodes], two_constants, [value("x", ["n", 6])], [value(o, None) for o in outputs])  # noqa: E731


def joined(proto, x, logits):
    """Features of two tensors, side by side."""
    f, g, z = run(proto, x, ["f", "g", logits])
    return np.hstack([f, g]), z


averaged = sides([node("Add", "y y2", "s"), node("Div", "s half", "z")], ["z"])
averaged.graph.initializer.append(const("half", np.float32(2)))
accept("two_tensors_averaged", averaged, X, "f + g", "z", np.hstack([W, 2 * W[::-1]]) / 2, B / 2, [folded("Div 'n_z'"), *both("f", "g")], outputs=joined(averaged, X, "z"))
all_three = sides([node("Add", "y y2", "z")], ["z", "y", "y2"])
accept("two_tensors_and_their_own", all_three, X, "f + g", "z", np.hstack([W, 2 * W[::-1]]), B, both("f", "g"), outputs=joined(all_three, X, "z"))
on_map = lambda nodes, more=(): model([node("Conv", "x kernel", "c", pads=[1, 1, 1, 1]), node("Relu", "c", "f"), *nodes], [const("kernel", KERNEL), wc, b, *more], [value("x", ["n", 3, 6, 6])], [value("y", None)])  # noqa: E731
mean_note = lambda node_name: [{"kind": "mean-over-positions", "node": node_name, "tensor": "f"}]  # noqa: E731


def means(proto, x, axes=(2, 3)):
    f, z = run(proto, x, ["f", "y"])
    return f.mean(axes), z


pooled = on_map([node("Conv", "f wc b", "y4"), node("GlobalAveragePool", "y4", "p"), node("Flatten", "p", "y")])
accept("conv_then_pool", pooled, IMAGE, "f/mean", "y", W, B, mean_note("GlobalAveragePool 'n_p'"), outputs=means(pooled, IMAGE))
reduced = on_map([node("Conv", "f wc b", "y4"), node("Mul", "y4 k", "y5"), node("ReduceMean", "y5", "y", axes=[2, 3], keepdims=0)], [const("k", np.arange(1, 5, dtype=np.float32)[:, None, None])])
accept("conv_scaled_then_mean", reduced, IMAGE, "f/mean", "y", W * np.arange(1, 5)[:, None], B * np.arange(1, 5), [folded("Mul 'n_y5'"), *mean_note("ReduceMean 'n_y'")], outputs=means(reduced, IMAGE))
TOKENS = np.random.default_rng(9).standard_normal((3, 7, D)).astype(np.float32)
tokens_mean = model([node("Relu", "x", "f"), node("MatMul", "f wt", "q"), node("Add", "q b", "q1"), node("ReduceMean", "q1", "y", axes=[1], keepdims=0)], [wt, b], [value("x", ["n", 7, D])], [value("y", None)])
accept("tokens_then_mean", tokens_mean, TOKENS, "f/mean", "y", W, B, mean_note("ReduceMean 'n_y'"), outputs=means(tokens_mean, TOKENS, 1))
standardised = image_model([node("Flatten", "f", "s"), node("Gemm", "s w b", "y", transB=1)], [w, b, const("kr", KERNEL.reshape(1, D, -1)), *(const(n, np.full(D, v, np.float32)) for n, v in (("on", 1), ("ze", 0)))], opset=17)
standardised.graph.node.insert(0, node("BatchNormalization", "kr on ze ze on", ["kn", "km", "kv"], training_mode=1))
accept("standardised_constants", standardised, IMAGE, "s", "y", W, B)

# --- refusals -----------------------------------------------------------------------------------------------------------
refuse("relu_head", tail([gemm, node("Relu", "y", "z")], [w, b], ("z",)), "'z' comes from Relu 'n_z'", "not linear")
refuse("no_head", image_model([node("Flatten", "f", "y")], []), "Relu 'n_r'")
refuse("only_shapes", model([node("Flatten", "x", "y")], [], [value("x", ["n", 6])], [value("y", ["n", 6])]), "input 'x'")
refuse("argmax", tail([gemm, node("ArgMax", "y", "z", axis=1)], [w, b], ("z",), y_type=T.INT64), "ArgMax")
refuse("cast_to_int", tail([gemm, node("Cast", "y", "z", to=T.INT32)], [w, b], ("z",), y_type=T.INT32), "whole numbers")
refuse("divided_by", tail([gemm, node("Div", "k y", "z")], [w, b, k], ("z",)), "divides by")
refuse("bilinear", tail([node("Transpose", "f", "ft"), node("MatMul", "f ft", "y")], []), "MatMul 'n_y' of two computed tensors")
refuse("zero_head", tail([gemm], [const("w", W * 0), b]), "all weights of Gemm 'n_y' are 0")
refuse("nan_head", tail([gemm], [const("w", W * np.nan), b]), "NaN")
refuse("conv3x3", model([node("Conv", "x kernel", "y4"), node("Flatten", "y4", "y")], [const("kernel", KERNEL)], [value("x", ["n", 3, 3, 3])], [value("y", None)]), "window of 3x3")
refuse("conv_on_map", model([node("Conv", "x kernel", "c", pads=[1, 1, 1, 1]), node("Relu", "c", "f"), node("Conv", "f wc b", "y4"), node("Flatten", "y4", "y")], [const("kernel", KERNEL), wc, b], [value("x", ["n", 3, 6, 6])], [value("y", None)]), "Expected 5 numbers", "'f'", at="load")
refuse("conv_on_declared_map", model([node("Conv", "x kernel", "c", pads=[1, 1, 1, 1]), node("Relu", "c", "f"), node("Conv", "f wc b", "y4"), node("Flatten", "y4", "y")], [const("kernel", KERNEL), wc, b], [value("x", ["n", 3, 6, 6])], [value("y", None)], value_info=[value("f", ["n", D, 6, 6])]), "map of 6x6 positions")
refuse("every_token", model([node("Relu", "x", "f"), node("MatMul", "f wt", "y")], [wt], [value("x", ["n", 7, D])], [value("y", None)]), "Expected 5 numbers", "several positions", at="load")
refuse("transposed_classes", image_model([node("Flatten", "f", "s"), node("Gemm", "s w b", "g", transB=1), node("Reshape", "g s4", "r4"), node("Transpose", "r4", "t", perm=[1, 0, 2]), node("Flatten", "t", "y")], [w, b, const("s4", [-1, 2, 2], np.int64)]), "mixes the examples")
training = image_model([node("Flatten", "f", "s"), node("Gemm", "s w b", "y", transB=1)], [w, b])
training.graph.node[1].attribute.append(h.make_attribute("training_mode", 1))
training.graph.node[1].output.extend(["rm", "rv"])
refuse("bn_training_14", training, "BatchNormalization 'n_norm' in training mode", "model.eval()")
training = image_model([node("Flatten", "f", "s"), node("Gemm", "s w b", "y", transB=1)], [w, b], opset=9)
training.graph.node[1].output.extend(["rm", "rv", "sm", "sv"])
refuse("bn_training_9", training, "BatchNormalization 'n_norm' in training mode")
active = [node("Dropout", "f ratio on", "g"), node("Gemm", "g w b", "y", transB=1)]
on = [const("ratio", np.float32(0.5)), const("on", np.array(True))]
refuse("dropout_active", tail(active, [w, b, *on]), "Dropout 'n_g' in training mode")
refuse("dropout_active_behind", tail([gemm, node("Constant", [], "on", value=const("v", np.array(True))), node("Dropout", ["y", "", "on"], "z")], [w, b], ("z",)), "Dropout 'n_z' in training mode")
accept("dropout_ratio_0", tail(active, [w, b, const("ratio", np.float32(0)), const("on", np.array(True))]), X, "g", "y", W, B)
refuse("random", tail([node("RandomNormalLike", "f", "noise"), node("Add", "f noise", "g"), node("Gemm", "g w b", "y", transB=1)], [w, b]), "draws random numbers")
branch = lambda weights: h.make_graph([node("MatMul", f"f {weights}", f"o_{weights}")], "branch", [], [value(f"o_{weights}", None)])  # noqa: E731
refuse("if_head", tail([node("If", "cond", "y", then_branch=branch("wt"), else_branch=branch("wt2"))], [wt, const("wt2", W.T * 2), const("cond", np.array(True))]), "If 'n_y'", "graph of its own")
function = h.make_function("local", "Head", ["a"], ["o"], [node("Relu", "a", "o")], [h.make_opsetid("", 17)])
called = tail([gemm, node("Head", "y", "z", domain="local")], [w, b], ("z",), extra=("local",))
called.functions.append(function)
refuse("function_head", called, "local.Head 'n_z'", "inline_local_functions")
old = tail([gemm], [w, b])
old.opset_import[0].version = 6
refuse("opset6", old, "opset 6", at="parse")
refuse("named_past_relu", tail([gemm], [w, b]), "Relu 'n_f'", "only linear layers", options={"features": "m"})
refuse("named_unknown", tail([gemm], [w, b]), "no 'nowhere'", "'y'", options={"logits": "nowhere"})
refuse("per_image_constant", tail([gemm, node("Add", "y e", "z")], [w, b, const("e", np.ones((3, C), np.float32))], ("z",)), "3 x 4")
refuse("wrong_length", tail([gemm, node("Add", "y e", "z")], [w, b, const("e", np.ones(3, np.float32))], ("z",)), "one a class", "found 3")
refuse("wrong_size", tail([gemm], [onnx.TensorProto(name="w", data_type=T.FLOAT, dims=[C, D], raw_data=W.tobytes()[:-4]), b]), "80 bytes", "found 76", at="parse")

refuse("softmax_of_another", tail([gemm, node("MatMul", "f wt", "y2"), node("Exp", "y", "e"), node("Exp", "y2", "e2"), node("ReduceSum", "e2 ax", "u"), node("Div", "e u", "z")], [w, wt, b, const("ax", [1], np.int64)], ("z",)), "Div 'n_z' of two computed tensors", "'y2'")
refuse("maximum_over_positions", on_map([node("Conv", "f wc b", "y4"), node("GlobalMaxPool", "y4", "p"), node("Flatten", "p", "y")]), "GlobalMaxPool", "'y4'")
refuse("sum_with_hidden", tail([gemm, node("MatMul", "x v6", "h"), node("Tanh", "h", "h2"), node("Add", "y h2", "z")], [w, b, const("v6", np.ones((6, C), np.float32))], ("z",)), "Tanh 'n_h2'", "'h'")
refuse("product_of_two", tail([gemm, node("MatMul", "f wt", "y2"), node("Mul", "y y2", "z")], [w, wt, b], ("z",)), "Mul 'n_z' of two computed tensors", "nearest linear layer")
refuse("quantised_layer", tail([node("DynamicQuantizeLinear", "f", ["q", "qs", "qz"]), node("MatMulInteger", "q wi qz", "i"), node("Cast", "i", "y", to=T.FLOAT)], [const("wi", np.ones((D, C), np.int8))]), "quantised layer")

lines = ",\n".join(json.dumps(entry) for entry in accepted)
refusals = ",\n".join(json.dumps(entry) for entry in refused)
(HERE / "expected.json").write_text(f'{{"accepted": [\n{lines}\n], "refused": [\n{refusals}\n]}}\n')
total = sum(f.stat().st_size for f in HERE.iterdir())
print(f"{len(accepted)} accepted, {len(refused)} refused, {total / 1000:.0f} kB")
