#!/usr/bin/env python3
"""Tiny made-up data sets in the layouts of the official archives, and what NumPy and Pillow read in them.

    python3 __tests__/goldens/datasets.py

writes __tests__/fixtures/datasets/ (about 300 kB):
    cifar/binary, cifar/python      both CIFARs unpacked, two records a batch, official names and record layout
    cifar/*.tar.gz                  the same in archives of the official names (GNU tar, as the official ones)
    cifar.json                      for each split: labels, SHA-256 of each image (height, width, channel), class names
    pickles/                        pickles by Python's pickle module and one as Python 2's cPickle writes it
    tars/                           long names as GNU and as pax write them, and entries that lead out of the archive
    places/                         val_256 as a folder; places-tar/ as an archive
    tensors/                        ready inputs as .npy and .safetensors
    real.json                       what NumPy reads in the real CIFAR files of FEATRECONSTRUCT_DATA: first labels, and
                                    SHA-256 of all pixels (image, height, width, channel); kept where it is not set
Needs NumPy, Pillow and safetensors. The same bytes come out at every run.
"""
import gzip
import hashlib
import io
import json
import os
import pickle
import shutil
import struct
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "datasets"
CIFAR10 = "airplane automobile bird cat deer dog frog horse ship truck".split()
CIFAR100 = [f"class_{i:02d}" for i in range(100)]


def images(seed: int, n: int) -> np.ndarray:
    """(n, 3, 32, 32) bytes: smooth, so that archives are small, and different in every channel and direction."""
    y, x = np.mgrid[0:32, 0:32]
    i = seed + np.arange(n)[:, None, None]
    planes = [3 * x + 5 * y + 40 * i, 7 * x + 2 * y + 11 * i, x * y + 90 * i]
    return np.stack([p % 256 for p in planes], axis=1).astype(np.uint8)


def tar(path: Path, members: dict[str, bytes], format: int = tarfile.GNU_FORMAT) -> None:
    """A tar, or a tar.gz by its name, with fixed dates."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.mtime = 1244156159
            if name.endswith("/"):
                info.type = tarfile.DIRTYPE
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    data = buffer.getvalue()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def python2_pickle(value) -> bytes:
    """What Python 2's cPickle wrote at protocol 2, which the official files are: strings as U and T, no _codecs."""

    def string(s: bytes) -> bytes:
        return b"U" + bytes([len(s)]) + s if len(s) < 256 else b"T" + struct.pack("<i", len(s)) + s

    memo = [0]

    def put() -> bytes:
        memo[0] += 1
        return b"q" + bytes([memo[0]]) if memo[0] < 256 else b"r" + struct.pack("<I", memo[0])

    def integer(i: int) -> bytes:
        if 0 <= i < 256:
            return b"K" + bytes([i])
        return b"M" + struct.pack("<H", i) if 0 <= i < 65536 else b"J" + struct.pack("<i", i)

    def write(v) -> bytes:
        if isinstance(v, dict):
            return b"}" + put() + b"(" + b"".join(write(k) + write(x) for k, x in v.items()) + b"u"
        if isinstance(v, list):
            return b"]" + put() + b"(" + b"".join(write(x) for x in v) + b"e"
        if isinstance(v, bytes):
            return string(v) + put()
        if isinstance(v, int):
            return integer(v)
        assert isinstance(v, np.ndarray) and v.dtype == np.uint8
        shape = b"".join(integer(s) for s in v.shape) + b"\x86" + put()
        return (
            b"cnumpy.core.multiarray\n_reconstruct\n" + put() + b"cnumpy\nndarray\n" + put()
            + b"K\x00\x85" + put() + b"U\x01b" + put() + b"\x87" + put() + b"R" + put()
            + b"(K\x01" + shape + b"cnumpy\ndtype\n" + put() + b"U\x02u1" + put() + b"K\x00K\x01\x87" + put() + b"R" + put()
            + b"(K\x03U\x01|" + put() + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t" + put() + b"b"
            + b"\x89" + string(v.tobytes()) + put() + b"t" + put() + b"b"
        )  # fmt: skip

    data = b"\x80\x02" + write(value) + b"."
    # The check: Python 3 reads it as it reads the official files.
    back = pickle.loads(data, encoding="bytes")
    assert back.keys() == value.keys() and all(np.array_equal(back[k], value[k]) for k in value)
    return data


def cifar() -> None:
    splits = {}
    layouts: dict[str, dict[str, bytes]] = {name: {} for name in ("bin10", "py10", "bin100", "py100")}
    batches = [(f"data_batch_{i}", "cifar10:train") for i in range(1, 6)] + [("test_batch", "cifar10:test")]
    for k, (batch, split) in enumerate(batches):
        pixels, labels = images(2 * k, 2), [(3 * k) % 10, (3 * k + 7) % 10]
        layouts["bin10"][f"{batch}.bin"] = b"".join(bytes([c]) + p.tobytes() for c, p in zip(labels, pixels))
        layouts["py10"][batch] = python2_pickle(
            {
                b"batch_label": b"training batch %d of 5" % (k + 1),
                b"labels": labels,
                b"data": pixels.reshape(2, -1),
                b"filenames": [b"a_s_%06d.png" % i for i in range(2)],
            }
        )
        add(splits, split, labels, pixels, CIFAR10)
    layouts["bin10"]["batches.meta.txt"] = ("\n".join(CIFAR10) + "\n\n").encode()
    layouts["py10"]["batches.meta"] = python2_pickle(
        {b"num_cases_per_batch": 10000, b"label_names": [s.encode() for s in CIFAR10], b"num_vis": 3072}
    )
    for k, split in enumerate(("train", "test")):
        pixels, fine, coarse = images(20 + 3 * k, 3), [99, 0, 41 + k], [3, 4, 19]
        records = zip(coarse, fine, pixels)
        layouts["bin100"][f"{split}.bin"] = b"".join(bytes([c, f]) + p.tobytes() for c, f, p in records)
        layouts["py100"][split] = python2_pickle(
            {
                b"filenames": [b"b_s_%06d.png" % i for i in range(3)],
                b"batch_label": b"batch 1 of 1",
                b"fine_labels": fine,
                b"coarse_labels": coarse,
                b"data": pixels.reshape(3, -1),
            }
        )
        add(splits, f"cifar100:{split}", fine, pixels, CIFAR100)
    layouts["bin100"]["fine_label_names.txt"] = ("\n".join(CIFAR100) + "\n").encode()
    layouts["py100"]["meta"] = python2_pickle(
        {b"fine_label_names": [s.encode() for s in CIFAR100], b"coarse_label_names": [b"c"] * 20}
    )
    for key, kind, folder, archive in (
        ("bin10", "binary", "cifar-10-batches-bin", "cifar-10-binary"),
        ("py10", "python", "cifar-10-batches-py", "cifar-10-python"),
        ("bin100", "binary", "cifar-100-binary", "cifar-100-binary"),
        ("py100", "python", "cifar-100-python", "cifar-100-python"),
    ):
        for name, data in layouts[key].items():
            path = OUT / "cifar" / kind / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        members = {f"{folder}/": b"", **{f"{folder}/{name}": data for name, data in layouts[key].items()}}
        tar(OUT / "cifar" / f"{kind}-archive" / f"{archive}.tar.gz", members)
    dump("cifar.json", splits)


def add(splits: dict, split: str, labels: list[int], pixels: np.ndarray, names: list[str]) -> None:
    entry = splits.setdefault(split, {"labels": [], "sha256": [], "classNames": names})
    entry["labels"] += labels
    entry["sha256"] += [hashlib.sha256(p.transpose(1, 2, 0).tobytes()).hexdigest() for p in pixels]


class System:
    """What an attacker writes."""

    def __reduce__(self):
        return os.system, ("echo hacked",)


def pickles() -> None:
    pixels = images(50, 3).reshape(3, -1)
    values = {
        # What Python 3 makes of the official files when it loads and saves them (encoding="bytes").
        "numpy-protocol2": ({b"labels": [1, 2, 300000], b"data": pixels}, 2),
        "numpy-protocol3": ({b"labels": [1, -2, 2**40], b"data": pixels}, 3),
        "numpy-fortran": ({b"labels": [1, 2, 3], b"data": np.asfortranarray(pixels)}, 2),
        "numpy-float": ({b"data": np.arange(6, dtype=">f4").reshape(2, 3)}, 2),
        "numpy-objects": ({b"data": np.array([{}, None], dtype=object)}, 2),
        "hostile": ({b"labels": [1], b"data": System()}, 2),
        "protocol4": ({b"labels": [1]}, 4),
        "set": ({b"labels": {1, 2}}, 2),
        "list": ([1, 2], 2),
    }
    (OUT / "pickles").mkdir(parents=True, exist_ok=True)
    for name, (value, protocol) in values.items():
        (OUT / "pickles" / name).write_bytes(pickle.dumps(value, protocol=protocol))
    dump("pickles.json", {"sha256": hashlib.sha256(pixels.tobytes()).hexdigest(), "shape": pixels.shape})


def tars() -> None:
    long = "a-long-folder-name/" * 12 + "file.txt"
    members = {"./short.txt": b"short", "folder/": b"", long: b"long" * 300, "empty": b"", "last": b"x" * 512}
    for name, format in (("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)):
        tar(OUT / "tars" / f"{name}.tar", members, format)
    ustar = {"u" * 60 + "/" + "v" * 90: b"prefix", "short.txt": b"short"}
    tar(OUT / "tars" / "ustar.tar", ustar, tarfile.USTAR_FORMAT)
    tar(OUT / "tars" / "dotdot.tar.gz", {"fine.txt": b"", "folder/../../evil.txt": b"evil"})
    tar(OUT / "tars" / "absolute.tar.gz", {"/etc/evil.txt": b"evil"})


def places() -> None:
    data, labels = {}, [165, 0, 364]
    for i in range(3):
        buffer = io.BytesIO()
        Image.fromarray(images(60 + i, 1)[0].transpose(1, 2, 0)).save(buffer, "JPEG", quality=90)
        data[f"Places365_val_{i + 1:08d}.jpg"] = buffer.getvalue()
    listing = "".join(f"{name} {label}\n" for name, label in zip(data, labels))
    categories = "/a/airfield 0\n/f/fabric_store 165\n/z/zen_garden 364\n"
    for folder in ("places", "places-tar"):
        (OUT / folder).mkdir(parents=True, exist_ok=True)
        (OUT / folder / "places365_val.txt").write_text(listing)
        (OUT / folder / "categories_places365.txt").write_text(categories)
    (OUT / "places" / "val_256").mkdir()
    for name, image in data.items():
        (OUT / "places" / "val_256" / name).write_bytes(image)
    tar(OUT / "places-tar" / "val_256.tar", {"val_256/": b"", **{f"val_256/{k}": v for k, v in data.items()}})


def tensors() -> None:
    folder = OUT / "tensors"
    folder.mkdir(parents=True)
    x = np.arange(5 * 2 * 3, dtype=np.float32).reshape(5, 2, 3) / 7
    ids = np.arange(15, dtype=np.int64).reshape(5, 3) - 4
    labels = np.array([4, 3, 2, 1, 0], dtype=np.int64)
    np.save(folder / "x.npy", x)
    np.save(folder / "ids.npy", ids)
    np.save(folder / "half.npy", x.astype(np.float16))
    np.save(folder / "fortran.npy", np.asfortranarray(x))
    np.save(folder / "scalar.npy", np.float32(1))
    np.save(folder / "unsigned.npy", ids.astype(np.uint16))
    save_file({"x": x}, folder / "one.safetensors")
    save_file({"inputs": ids, "labels": labels}, folder / "labelled.safetensors")
    save_file({"a": x, "b": ids}, folder / "two.safetensors")
    save_file({"x": x, "labels": labels[:3]}, folder / "mismatched.safetensors")
    save_file({"x": x, "labels": labels / 2}, folder / "halves.safetensors")


def real(data: Path) -> None:
    files = {
        "cifar10:train[0:10000]": ("cifar-10-batches-bin/data_batch_1.bin", 3073),
        "cifar10:test": ("cifar-10-batches-bin/test_batch.bin", 3073),
        "cifar100:train": ("cifar-100-binary/train.bin", 3074),
        "cifar100:test": ("cifar-100-binary/test.bin", 3074),
    }
    found = {}
    for spec, (name, width) in files.items():
        records = np.fromfile(data / name, np.uint8).reshape(-1, width)
        pixels = records[:, -3072:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        labels = records[:, -3073]
        found[spec] = {
            "n": len(records),
            "firstLabels": labels[:8].tolist(),
            "labelCounts": np.bincount(labels).tolist(),
            "sha256": hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest(),
        }
    dump("real.json", found)


def dump(name: str, value) -> None:
    (OUT / name).write_text(json.dumps(value) + "\n")


if __name__ == "__main__":
    for path in OUT.iterdir() if OUT.exists() else []:
        if path.is_dir():
            shutil.rmtree(path)
    OUT.mkdir(parents=True, exist_ok=True)
    cifar()
    pickles()
    tars()
    places()
    tensors()
    if "FEATRECONSTRUCT_DATA" in os.environ:
        real(Path(os.environ["FEATRECONSTRUCT_DATA"]))
