"""Outputs in Parquet as several libraries write them: __tests__/fixtures/logs/parquet.json.

    pip install numpy pandas pyarrow polars duckdb fastparquet
    python __tests__/goldens/parquet.py

Each file is base64, beside what pyarrow reads in it. pyarrow 26, polars 2.1, DuckDB 2.0, fastparquet 2026.9.
"""

import base64
import decimal
import io
import json
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "logs" / "parquet.json"
N, C = 40, 3
rng = np.random.default_rng(0)
Z = np.round(rng.normal(size=(N, C)), 3)
NAMES = [f"class {i}" for i in range(C)]
FRAME = pd.DataFrame(Z, columns=NAMES)
TABLE = pa.Table.from_pandas(FRAME, preserve_index=False)


def main():
    rows = []

    def add(name, write):
        with tempfile.TemporaryDirectory() as folder:
            file = str(Path(folder) / "x.parquet")
            write(file)
            data = Path(file).read_bytes()
        found = pq.read_table(io.BytesIO(data))
        kept = [each for each in found.column_names if each in (*NAMES, "logits", "out")]
        columns = [found[each].to_pylist() for each in kept]
        if len(kept) == 1:
            values = [list(each.values()) if isinstance(each, dict) else list(each) for each in columns[0]]
        else:
            values = [[float(value) for value in row] for row in zip(*columns)]
        packed = base64.b64encode(np.asarray(values, dtype="<f8").tobytes()).decode()
        rows.append(dict(name=name, file=base64.b64encode(data).decode(), values=packed))

    for codec in ("snappy", "gzip", "zstd", "brotli", "lz4"):
        add(f"pyarrow, {codec}", lambda f: pq.write_table(TABLE, f, compression=codec))
    add("pyarrow, pages of version 2", lambda f: pq.write_table(TABLE, f, data_page_version="2.0", compression="zstd"))
    add("pyarrow, a dictionary that overflows",
        lambda f: pq.write_table(TABLE, f, dictionary_pagesize_limit=64, data_page_size=128, write_batch_size=8))
    add("pyarrow, byte stream split", lambda f: pq.write_table(TABLE, f, use_dictionary=False, column_encoding="BYTE_STREAM_SPLIT"))
    add("pyarrow, several groups of rows", lambda f: pq.write_table(TABLE, f, row_group_size=16))
    halves = pa.table({name: pa.array(Z[:, i].astype("float16")) for i, name in enumerate(NAMES)})
    add("pyarrow, float16", lambda f: pq.write_table(halves, f))
    lists = [list(map(float, row)) for row in Z]
    for name, kind in (("lists", pa.list_(pa.float64())), ("lists of one size", pa.list_(pa.float64(), C))):
        ids = pa.array([f"{i}.jpg" for i in range(N)])
        table = pa.table({"file": ids, "logits": pa.array(lists, type=kind)})
        add(f"pyarrow, {name}", lambda f: pq.write_table(table, f, row_group_size=15))
    struct = pa.StructArray.from_arrays([pa.array(Z[:, i]) for i in range(C)], names=NAMES)
    add("pyarrow, a struct", lambda f: pq.write_table(pa.table({"out": struct}), f))
    exact = pa.table({name: pa.array([decimal.Decimal(f"{v:.3f}") for v in Z[:, i]], type=pa.decimal128(12, 3))
                      for i, name in enumerate(NAMES)})
    add("pyarrow, decimals", lambda f: pq.write_table(exact, f))
    add("pandas, an index of names, categories and times of 96 bits",
        lambda f: FRAME.assign(kind=pd.Categorical(list("ab") * (N // 2)), when=pd.Timestamp("2026-01-01"), ok=Z[:, 0] > 0)
        .set_index(pd.Index([f"{i}.jpg" for i in range(N)], name="file"))
        .to_parquet(f, use_deprecated_int96_timestamps=True))
    add("fastparquet", lambda f: FRAME.to_parquet(f, engine="fastparquet"))
    add("polars, arrays", lambda f: pl.DataFrame({"logits": lists}, schema={"logits": pl.Array(pl.Float64, C)}).write_parquet(f))
    connection = duckdb.connect()
    connection.register("frame", FRAME)
    add("DuckDB", lambda f: connection.execute(f"copy (select * from frame) to '{f}' (format parquet)"))
    add("DuckDB, version 2", lambda f: connection.execute(f"copy (select * from frame) to '{f}' (format parquet, parquet_version v2)"))
    OUT.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
