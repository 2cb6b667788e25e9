"""Logs that other tools write in binary formats: the goldens of __tests__/logs/logs.test.ts.

    pip install numpy pandas pyarrow polars
    python __tests__/goldens/logs.py            # writes __tests__/fixtures/logs

Logits of a head 3 -> 6 on 40 images (logits.npy), as pandas, polars and Spark (through pyarrow) write them. pandas 3.1,
pyarrow 26, polars 2.1.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "logs"
OUT.mkdir(parents=True, exist_ok=True)

rng = np.random.default_rng(0)
logits = rng.normal(size=(40, 3)) @ rng.normal(size=(3, 6))
names = ["cat", "dog", "bird", "frog", "horse", "deer"]
np.save(OUT / "logits.npy", logits)
np.savez(OUT / "outputs.npz", logits=logits, labels=logits.argmax(1), files=np.array([f"{i}.jpg" for i in range(40)]))

frame = pd.DataFrame(logits, columns=names)
frame.to_parquet(OUT / "pandas.parquet", row_group_size=16)
# A column of nulls alone is a page without values.
frame.assign(error=pd.Series([None] * 40, dtype="string")).to_parquet(OUT / "nulls.parquet", compression="lz4")
lists = pd.DataFrame({"file": [f"{i}.jpg" for i in range(40)], "logits": [row.tolist() for row in logits]})
lists["time"] = pd.date_range("2026-01-01", periods=40, freq="min")
lists.to_parquet(OUT / "lists.parquet", compression="zstd")
pl.DataFrame(
    {
        "id": list(range(40)),
        "scores": [row.tolist() for row in logits],
        "label": pl.Series([names[j] for j in logits.argmax(1)], dtype=pl.Categorical),
    }
).write_parquet(OUT / "polars.parquet")
pairs = [[{"label": names[j], "score": float(row[j])} for j in np.argsort(-row)] for row in logits]
pd.DataFrame({"prediction": pairs}).to_parquet(OUT / "pairs.parquet", compression="gzip")
frame.to_feather(OUT / "frame.feather")
