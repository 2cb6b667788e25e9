"""Reads tensors of a safetensors file with NumPy alone: the library's own reader has no part in what checks it."""

import json

import numpy as np

TYPES = {"F32": "<f4", "F64": "<f8", "I32": "<i4"}


def tensor(path, name):
    """One tensor, as it is stored: 8 bytes of length, that many of JSON, the numbers."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(length))[name]
        start, end = entry["data_offsets"]
        file.seek(8 + length + start)
        return np.frombuffer(file.read(end - start), TYPES[entry["dtype"]]).reshape(entry["shape"])
