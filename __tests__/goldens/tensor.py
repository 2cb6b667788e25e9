"""Files that NumPy and the safetensors package write: the goldens of __tests__/tensor.

    pip install numpy torch safetensors
    python __tests__/goldens/tensor.py            # writes __tests__/fixtures/tensor

Every .npy holds `values(shape)` cast to its type; NAME is dtype-order-version. reference.safetensors holds one tensor
of every type; halves.safetensors float32 numbers with the float16 bits that NumPy rounds them to and the float32 that
all 65,536 float16 and bfloat16 patterns stand for, as SHA-256 in its metadata. NumPy 2.4, safetensors 0.8.
"""

import hashlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import torch
from numpy.lib import format as npy
from safetensors.torch import save_file

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "tensor"


def values(shape):
    """-3, -2.5, -2, … in row-major order."""
    return (np.arange(np.prod(shape, dtype=int)) * 0.5 - 3).reshape(shape)


def write_npy(name, array, version=(1, 0)):
    with open(OUT / f"{name}.npy", "wb") as file:
        npy.write_array(file, array, version=version)


def npy_files():
    for code in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"):
        base = values((4, 3)) if code[0] == "f" else np.arange(12).reshape(4, 3) % (2 if code == "b1" else 100)
        if code[0] == "i":
            base = base - 5
        for order in "<>":
            array = base.astype(np.dtype(code).newbyteorder(order))
            little = order == "<" or array.dtype.itemsize == 1
            if little and order == ">":
                continue
            write_npy(f"{code}-{'little' if little else 'big'}-1", array)
    write_npy("f4-fortran-1", np.asfortranarray(values((4, 3)).astype("<f4")))
    write_npy("i8-fortran3d-1", np.asfortranarray(np.arange(24).reshape(2, 3, 4)))
    write_npy("f4-little-2", values((4, 3)).astype("<f4"), (2, 0))
    write_npy("f4-little-3", values((4, 3)).astype("<f4"), (3, 0))
    write_npy("f8-scalar-1", np.array(2.5))
    write_npy("f4-vector-1", values((5,)).astype("<f4"))
    write_npy("f4-empty-1", np.zeros((0, 3), "<f4"))
    write_npy("structured", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))
    write_npy("complex", np.zeros(2, dtype="<c8"))
    np.save(OUT / "object.npy", np.array([{}, None], dtype=object), allow_pickle=True)


def npz_files():
    grid = values((4, 3)).astype("<f4")
    np.savez(OUT / "stored.npz", grid)
    np.savez_compressed(OUT / "deflated.npz", scores=np.asfortranarray(grid.astype(">f8")), labels=np.arange(4))
    np.savez(OUT / "with-objects.npz", logits=grid, meta=np.array([{}], dtype=object), names=np.array(["a", "b"]))
    np.savez_compressed(OUT / "long.npz", np.arange(60_000).reshape(20_000, 3))
    # Sizes and places in 64 bits, as archives of 4 GiB and more have them.
    file = io.BytesIO()
    np.save(file, grid)
    raw, name = file.getvalue(), b"x.npy"
    crc, full = zlib.crc32(raw), 0xFFFFFFFF
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 0, 0, 0, 0, crc, full, full, len(name), 20) + name
    local += struct.pack("<HHQQ", 1, 16, len(raw), len(raw)) + raw
    central = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 45, 45, 0, 0, 0, 0, crc, full, full, len(name), 28, 0, 0, 0, 0, full)
    central += name + struct.pack("<HHQQQ", 1, 24, len(raw), len(raw), 0)
    end = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1, 1, len(central), len(local))
    end += struct.pack("<IIQI", 0x07064B50, 0, len(local) + len(central), 1)
    end += struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, full, full, 0)
    (OUT / "zip64.npz").write_bytes(local + central + end)
    assert np.array_equal(np.load(OUT / "zip64.npz")["x"], grid)


def safetensors_files():
    grid = torch.tensor(values((4, 3)))
    counts = torch.arange(12).reshape(4, 3)
    tensors = {name: grid.to(getattr(torch, name)) for name in ("float64", "float32", "float16", "bfloat16")}
    tensors |= {name: counts.to(getattr(torch, name)) for name in ("int64", "int32", "int16", "int8", "uint8")}
    # Three bytes, so that nothing behind it is aligned unless the writer sees to it.
    tensors |= {"bool": torch.tensor([True, False, True]), "scalar": torch.tensor(2.5), "empty": torch.zeros(0, 7)}
    save_file(tensors, OUT / "reference.safetensors", metadata={"made by": "safetensors ✓"})

    rng = np.random.default_rng(1)
    edges = np.array(
        [0, -0.0, 1, 65504, 65519.99, 65520, -65536, 1e30, np.inf, -np.inf, 2**-14, 2**-24, 2**-25, 2**-25 * 1.0001]
        + [2**-26, 1 + 2**-11, 1 + 3 * 2**-11, 2**-14 - 2**-25, 6.1e-5, 5.9e-8]
    )
    spread = rng.normal(size=2000) * 10.0 ** rng.uniform(-9, 6, 2000)
    floats = np.concatenate([edges, spread]).astype(np.float32)
    with np.errstate(over="ignore"):
        halves = floats.astype(np.float16)
    every = np.arange(65536, dtype=np.uint16)
    sha = lambda array: hashlib.sha256(array.tobytes()).hexdigest()
    finite = every[~np.isnan(every.view(np.float16))]
    decoded = {
        "float16": sha(finite.view(np.float16).astype(np.float32)),
        "bfloat16": sha((every.astype(np.uint32) << 16)),
    }
    tensors = {"float32": torch.tensor(floats), "float16": torch.tensor(halves.view(np.int16))}
    save_file(tensors, OUT / "halves.safetensors", metadata=decoded)


OUT.mkdir(parents=True, exist_ok=True)
npy_files()
npz_files()
safetensors_files()
