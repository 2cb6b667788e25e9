"""Writes __tests__/fixtures/clip: a tiny CLIP as two .onnx files, a tokenizer, and what open_clip says of them.

    python __tests__/goldens/clip.py
    python __tests__/goldens/clip.py --tokenizer tokenizer.json     # the whole vocabulary of CLIP, nothing else
    python __tests__/goldens/clip.py --real OUT                     # ViT-B-32 with random weights, in full size

Needs open_clip_torch, tokenizers, onnx, onnxruntime and a CPU build of torch. The tiny CLIP is open_clip's own CLIP class
(32 x 32 images in patches of 8, width 24, 2 layers, 16-wide embeddings) with random weights, exported by onnx/export.py.
Its tokenizer is open_clip's SimpleTokenizer with the first 150 merges of CLIP's; tokenizer.json says the same in Hugging
Face's format. expected.json holds, from open_clip:

- prompts: strings and their tokens without padding (open_clip pads with 0 to 77)
- words: as prompts, with the whole vocabulary; for the test that is given the whole tokenizer
- embeddings (n, 16) of the images of `image()`, which the tests make by the same formula
- classifiers: weights (c, 16) of build_zero_shot_classifier for ten class names, with the templates `simple` and `openai`
- predictions (n) with `simple`: arg-max of normalised embeddings and classifier
- openai: open_clip's 80 ImageNet templates

Floats are float32, little-endian, base64.
"""

import argparse
import base64
import gzip
import importlib.util
import json
import tempfile
from pathlib import Path

import numpy as np
import open_clip
import torch
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg
from open_clip.tokenizer import SimpleTokenizer, default_bpe
from open_clip.zero_shot_metadata import OPENAI_IMAGENET_TEMPLATES
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "__tests__" / "fixtures" / "clip"
MERGES = 150
IMAGES = 24
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

PROMPTS = [
    "a photo of a cat.",
    "A PHOTO of a Cat.",
    "",
    "   ",
    "  two   spaces\tand\nlines  ",
    "it's the dog's, they're, I've, we'll, I'd, don't, I'm",
    "IT'S THE DOG'S",
    "snake-eyed (very!) 100% #1 a/b_c ... ?!",
    "1234567890 3.14",
    "café naïve Ünïcödé ÅÄÖ",
    "cafe\u0301",  # composed by NFC
    "日本語の写真",
    "фото кота",
    "🐱 cat 👩‍🚀",
    "lion\u2019s \u201cmane\u201d \u2018x\u2019",
    "ﬁne ﬂower eﬃcient ŉ ĳ",
    "ＦＵＬＬ　ｗｉｄｔｈ ﾊﾝ",
    "a &amp; b &lt;tag&gt; &quot;q&quot; &#39;s &apos;x&apos;",
    "a&nbsp;b &#233; &#xe9; &amp;amp; &ampx AT&T R&D",
    "nul\u0000 bell\u0007 del\u007f bom\ufeff soft\u00adhyphen zero\u200bwidth",
    "line\u2028sep\u2029par\u0085next\r\nend",
    "a\u00a0b\u3000c\u2003d",
    "ΟΔΟΣ straße İstanbul",
    "x² ½ ٣ Ⅷ",
    "a" * 200,
    "the photo of the bird in the water " * 12,
    "the end of the text " * 37 + "a",
    "\x1b[36mcolour\x1b[0m",
    "hello<b>world</b>&",
    "__init__ CamelCase snake_case",
]


def encoded(array) -> str:
    return base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode()


def export_module():
    spec = importlib.util.spec_from_file_location("export", ROOT / "onnx" / "export.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def small_tokenizer(folder: Path) -> SimpleTokenizer:
    lines = gzip.open(default_bpe()).read().decode().split("\n")
    with gzip.open(folder / "bpe.txt.gz", "wb") as file:
        file.write("\n".join(lines[: 1 + MERGES]).encode())
    return SimpleTokenizer(bpe_path=str(folder / "bpe.txt.gz"))


def write_tokenizer(tokenizer: SimpleTokenizer, file: Path) -> None:
    """open_clip's tokenizer as the tokenizer.json that Hugging Face publishes for CLIP."""
    start, end = "<|startoftext|>", "<|endoftext|>"
    names = {"<start_of_text>": start, "<end_of_text>": end}
    vocab = {names.get(token, token): number for token, number in tokenizer.encoder.items()}
    merges = [tuple(pair) for pair in tokenizer.bpe_ranks if len(pair) == 2]
    made = Tokenizer(
        models.BPE(vocab=vocab, merges=merges, unk_token=end, continuing_subword_prefix="", end_of_word_suffix="</w>")
    )
    made.add_special_tokens([AddedToken(start, normalized=True), AddedToken(end, normalized=True)])
    made.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    pattern = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(pattern, "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    made.decoder = decoders.ByteLevel()
    made.post_processor = processors.RobertaProcessing(
        (end, vocab[end]), (start, vocab[start]), trim_offsets=False, add_prefix_space=False
    )
    file.write_text(made.to_str(pretty=False) + "\n", encoding="utf-8")


def tokens(tokenizer: SimpleTokenizer, texts: list[str]) -> list[dict]:
    rows = tokenizer(texts).tolist()
    ends = [row.index(tokenizer.eot_token_id) + 1 for row in rows]
    assert all(not any(row[end:]) for row, end in zip(rows, ends))
    return [{"text": text, "tokens": row[:end]} for text, row, end in zip(texts, rows, ends)]


def image(i: int, length: int) -> np.ndarray:
    """Image i of the tests: a wave of its own. Both sides compute it in float64 and round to float32."""
    return (2 * np.sin(0.05 * (i + 1) * np.arange(length) + i)).astype(np.float32)


def tiny_clip(vocabulary: int) -> CLIP:
    torch.manual_seed(3)
    vision = CLIPVisionCfg(layers=2, width=24, head_width=12, mlp_ratio=2.0, patch_size=8, image_size=32)
    text = CLIPTextCfg(context_length=77, vocab_size=vocabulary, width=24, heads=2, layers=2, mlp_ratio=2.0)
    model = CLIP(embed_dim=16, vision_cfg=vision, text_cfg=text).eval()
    # As drawn, all texts and all images look alike to it: louder weights tell them apart.
    with torch.no_grad():
        model.token_embedding.weight.mul_(50)
        for tower in (model.visual.transformer, model.transformer):
            for parameter in tower.parameters():
                if parameter.dim() == 2:
                    parameter.mul_(4)
    return model


def classifier(model, tokenizer, templates, names=CLASSES):
    return open_clip.build_zero_shot_classifier(model, tokenizer, names, templates).T.contiguous()


SIMPLE = (lambda c: f"a photo of a {c}.",)


def write_tiny() -> None:
    HERE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = small_tokenizer(Path(folder))
    write_tokenizer(tokenizer, HERE / "tokenizer.json")
    model = tiny_clip(tokenizer.vocab_size)
    export = export_module()
    torch.backends.mha.set_fastpath_enabled(False)
    for tower in export.towers("open_clip", model, 32):
        export.export(tower, HERE / f"tiny{tower.suffix}.onnx", None)
    images = torch.from_numpy(np.stack([image(i, 3 * 32 * 32) for i in range(IMAGES)]).reshape(-1, 3, 32, 32))
    with torch.no_grad():
        embeddings = model.encode_image(images)
    simple = classifier(model, tokenizer, SIMPLE)
    openai = classifier(model, tokenizer, OPENAI_IMAGENET_TEMPLATES)
    similarity = embeddings / embeddings.norm(dim=1, keepdim=True) @ simple.T
    top = similarity.topk(2, dim=1).values
    print("smallest margin of cosines", (top[:, 0] - top[:, 1]).min().item(), "classes", similarity.argmax(1).tolist())
    expected = {
        "prompts": tokens(tokenizer, PROMPTS),
        "words": tokens(SimpleTokenizer(), PROMPTS),
        "embeddings": encoded(embeddings),
        "classifiers": {"simple": encoded(simple), "openai": encoded(openai)},
        "predictions": similarity.argmax(1).tolist(),
        "classNames": CLASSES,
        "openai": [template("{}") for template in OPENAI_IMAGENET_TEMPLATES],
    }
    (HERE / "expected.json").write_text(json.dumps(expected, ensure_ascii=True, indent=1) + "\n")


def write_real(folder: Path) -> None:
    """ViT-B-32 as onnx/export.py draws it with seed 0: for a check at full size that is not committed."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(SimpleTokenizer(), folder / "tokenizer.json")
    export = export_module()
    torch.manual_seed(0)
    model, size = export.build("open_clip", "ViT-B-32", None, False, None)
    export.draw_zero_heads(model)
    model.eval()
    images = torch.from_numpy(np.stack([image(i, 3 * size * size) for i in range(4)]).reshape(-1, 3, size, size))
    with torch.no_grad():
        embeddings = model.encode_image(images)
    weights = classifier(model, SimpleTokenizer(), SIMPLE)
    two = classifier(model, SimpleTokenizer(), OPENAI_IMAGENET_TEMPLATES[:10], CLASSES[:2])
    tensors = {"embeddings": embeddings.numpy(), "simple": weights.numpy(), "ten_templates": two.numpy()}
    save_file(tensors, folder / "expected.safetensors")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tokenizer", metavar="FILE", type=Path, help="write CLIP's whole tokenizer.json there")
    parser.add_argument("--real", metavar="OUT", type=Path, help="write what open_clip says of a full-size ViT-B-32")
    args = parser.parse_args()
    if args.tokenizer:
        write_tokenizer(SimpleTokenizer(), args.tokenizer)
    elif args.real:
        write_real(args.real)
    else:
        write_tiny()


if __name__ == "__main__":
    main()
