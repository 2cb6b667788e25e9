"""Image data sets in Parquet files as others write them, and what is in them.

Needs: pyarrow, datasets, pillow.
Run:   python -P __tests__/goldens/parquet_images.py   (-P: datasets.py beside it is another one; writes __tests__/fixtures/parquet-images/)
"""

import hashlib
import io
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Dataset, Features, Image, Value
from PIL import Image as Pillow

out = Path(__file__).parent.parent / "fixtures" / "parquet-images"
shutil.rmtree(out, ignore_errors=True)
out.mkdir(parents=True)


def picture(i: int, kind: str = "PNG") -> bytes:
    image = Pillow.new("RGB", (6, 5))
    image.putdata([((x * 7 + i * 31) % 256, (x * 13) % 256, (i * 17) % 256) for x in range(30)])
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def sha(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()


golden: dict[str, list] = {}
names = ["apple", "bear", "chair"]
pictures = [picture(i, "JPEG" if i % 3 == 0 else "PNG") for i in range(11)]
labels = [i % 3 for i in range(11)]

# As push_to_hub writes it: two shards, of 7 and 4 rows, in groups of 3.
features = Features({"image": Image(), "label": ClassLabel(names=names), "id": Value("string")})
for shard, rows in enumerate([range(7), range(7, 11)]):
    data = Dataset.from_dict(
        {
            "image": [{"bytes": pictures[i], "path": f"{i}.png"} for i in rows],
            "label": [labels[i] for i in rows],
            "id": [f"n{i}" for i in rows],
        },
        features=features,
    )
    (out / "hub").mkdir(exist_ok=True)
    data.to_parquet(str(out / "hub" / f"train-0000{shard}-of-00002.parquet"), batch_size=3)
golden["hub"] = [[sha(pictures[i]), labels[i]] for i in range(11)]

# A test split: no labels are known, an image is missing, one is elsewhere.
data = Dataset.from_dict(
    {
        "label": [-1, None, 2, 0],
        "img": [{"bytes": pictures[0], "path": None}, None, {"bytes": None, "path": "there.png"}, {"bytes": pictures[3], "path": None}],
    },
    features=Features({"label": ClassLabel(names=names), "img": Image()}),
)
# to_parquet would look for the file that is elsewhere.
pq.write_table(data.data.table, out / "gaps.parquet")
golden["gaps"] = [[sha(pictures[0]), -1], [None, -1], [None, 2], [sha(pictures[3]), 0]]

# Two columns of classes and two of images.
data = Dataset.from_dict(
    {
        "mask": [{"bytes": pictures[1], "path": None}] * 2,
        "image": [{"bytes": pictures[0], "path": None}, {"bytes": pictures[2], "path": None}],
        "coarse_label": [0, 0],
        "fine_label": [1, 2],
    },
    features=Features({"mask": Image(), "image": Image(), "coarse_label": ClassLabel(names=["all"]), "fine_label": ClassLabel(names=names)}),
)
data.to_parquet(str(out / "several.parquet"))
golden["several"] = [[sha(pictures[0]), 1], [sha(pictures[2]), 2]]

# Without a word of the library datasets, by every writer's own taste.
struct = pa.struct([("path", pa.string()), ("bytes", pa.large_binary())])
for compression in ["snappy", "gzip", "brotli", "zstd", "lz4", "none"]:
    table = pa.table(
        {
            "text": pa.array([f"row {i}" for i in range(11)]),
            "image": pa.array([{"path": None, "bytes": p} for p in pictures], struct),
            "label": pa.array(labels, pa.int32()),
        }
    )
    pq.write_table(table, out / f"plain-{compression}.parquet", compression=compression, row_group_size=4, data_page_version="2.0" if compression == "zstd" else "1.0")
    golden[f"plain-{compression}"] = golden["hub"]

# Bytes alone, classes by name, in a dictionary.
words = ["wolf", "ape", "wolf", "Ape", "", "ape"]
table = pa.table({"jpg": pa.array(pictures[:6], pa.binary()), "label": pa.array(words).dictionary_encode()})
pq.write_table(table, out / "words.parquet", row_group_size=2)
order = sorted(set(words))
golden["words"] = [[sha(p), order.index(w)] for p, w in zip(pictures, words)]

pq.write_table(pa.table({"jpg": pa.array(pictures[:2], pa.binary())}), out / "unlabelled.parquet")
golden["unlabelled"] = [[sha(pictures[0]), -1], [sha(pictures[1]), -1]]

# What is no image data set, or none as its schema says.
pq.write_table(pa.table({"text": ["a"], "label": [1]}), out / "text.parquet")
pq.write_table(pa.table({"jpg": pa.array([], pa.binary()), "label": pa.array([], pa.int64())}), out / "empty.parquet")
table = Dataset.from_dict({"image": [{"bytes": pictures[0], "path": None}], "label": [0]}, features=Features({"image": Image(), "label": ClassLabel(names=names)})).data.table
wrong = pa.table([table["image"], pa.array([7], pa.int64())], schema=table.schema)
pq.write_table(wrong, out / "outside.parquet")

(out / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")
