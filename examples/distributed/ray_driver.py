"""Experiment 1 on a Ray cluster: statistics of the training images shard by shard, one solution, agreement on the test images.

    python ray_driver.py model.onnx cifar100:train cifar100:test --shards 7 --out /shared/out

Ray decides where a shard runs and runs it again where a worker is lost; all that is computed, the command line computes. It
takes up what a lost run left, and waits for one that is still at it, so that a task may run twice. `--out` lies on a disk that
all workers see. What a command refuses (exit code 1 or 2) is not tried again.
"""

import argparse
import shlex
import subprocess
from pathlib import Path

import ray


def run(cli: list[str], *arguments: str) -> str:
    done = subprocess.run([*cli, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{shlex.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout.strip()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--shards", type=int, default=4, help="of the training images")
    parser.add_argument("--test-shards", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("out"))
    parser.add_argument("--cpus", type=int, default=1, help="of a task, and threads of the model")
    parser.add_argument("--cli", default="npx featreconstruct", help="the command line, as a shell would take it")
    parser.add_argument("--options", default="", help="more options of how images are read, in one text")
    asked = parser.parse_args(arguments)
    cli, out = shlex.split(asked.cli), asked.out.resolve()
    (out / "test").mkdir(parents=True, exist_ok=True)
    more = [*shlex.split(asked.options), "--threads", str(asked.cpus), "--quiet"]

    # A lost worker is Ray's to replace; a command that fails has said why, and would fail again.
    task = ray.remote(num_cpus=asked.cpus, max_retries=5)(run)
    parts = [out / f"part{k}of{asked.shards}.stats" for k in range(1, asked.shards + 1)]
    training = [
        task.remote(cli, "accumulate", "--model", asked.model, "--dataset", asked.train, "--shard", f"{k}/{asked.shards}",
                    "--out", str(part), *more)
        for k, part in enumerate(parts, 1)
    ]
    testing = [
        task.remote(cli, "extract", "--model", asked.model, "--dataset", asked.test, "--shard", f"{k}/{asked.test_shards}",
                    "--store", str(out / "test" / f"{k}of{asked.test_shards}.safetensors"), *more)
        for k in range(1, asked.test_shards + 1)
    ]
    waiting = training + testing
    while waiting:
        done, waiting = ray.wait(waiting)
        print(ray.get(done[0]), flush=True)

    whole, fitted, test = str(out / "all.stats"), str(out / "map.safetensors"), str(out / "test")
    print(run(cli, "merge", *map(str, parts), "--out", whole, "--quiet"))
    print(run(cli, "solve", whole, "--out", fitted, "--quiet"))
    print(run(cli, "evaluate", "--head", asked.model, "--map", fitted, "--x", test, "--logits", test, "--truth", test, "--quiet"))


if __name__ == "__main__":
    ray.init()
    main()
