"""What Pillow, torchvision and timm make of images: the goldens of __tests__/images.

    pip install numpy pillow safetensors torch torchvision timm
    python __tests__/goldens/images.py            # writes __tests__/fixtures/images

decoded/         small files of every format; decoded.safetensors holds their pixels as
                 Image.open(file).convert('RGB') has them.
transforms.json  SHA-256 of resized and cropped pixels (Pillow, torchvision) and of the float32 tensors that
                 torchvision's and timm's evaluation transforms make. Their inputs come from `pattern`, which the
                 tests have too. Pillow 13.0, torchvision 0.29, timm 1.0.
"""

import hashlib
import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import save_file
from timm.data import create_transform
from torchvision import transforms
from torchvision.transforms import InterpolationMode

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "images"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def pattern(height, width):
    """An image by whole-number arithmetic alone: slopes, edges and what looks like noise."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    return ((x * x * 3 + y * 7 + x * y * (c + 1) + ((x // 5 + y // 7) % 2) * 90 + c * 50) % 256).astype(np.uint8)


def sha(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def decoded():
    folder = OUT / "decoded"
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:19, 0:23]
    smooth = np.stack([120 + 90 * np.sin(x / 4), 128 + 100 * np.cos(y / 3), 6 * x + 5 * y], -1)
    image = Image.fromarray(np.clip(smooth + rng.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8))
    size = (19, 23)
    alpha = Image.fromarray(rng.integers(0, 256, size, dtype=np.uint8))
    grey, palette, black = image.convert("L"), image.quantize(16), image.convert("1")
    rgba, la = image.copy(), grey.convert("LA")
    rgba.putalpha(alpha)
    la.putalpha(alpha)
    turned = Image.Exif()
    turned[0x0112] = 6

    def save(name, picture, **options):
        picture.save(folder / name, **options)

    for subsampling in (0, 1, 2):
        save(f"subsampling{subsampling}.jpg", image, quality=60 + 15 * subsampling, subsampling=subsampling)
    save("progressive.jpg", image, progressive=True)
    save("restart.jpg", image, restart_marker_rows=1)
    save("grey.jpg", grey)
    save("exif.jpg", image, exif=turned)
    save("cmyk.jpg", image.convert("CMYK"))
    for kind, picture in dict(rgb=image, grey=grey, palette=palette, bilevel=black, rgba=rgba).items():
        for ending in ("png", "bmp", "tiff"):
            save(f"{kind}.{ending}", picture)
    save("grey_alpha.png", la)
    save("palette4.png", image.quantize(4), bits=2)
    save("palette_transparent.png", palette, transparency=3)
    save("rgb_transparent.png", image, transparency=image.getpixel((0, 0)))
    save("exif.png", image, exif=turned)
    png16(folder / "rgb16.png", rng.integers(0, 65536, (*size, 3)))
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
        save(f"{compression}.tiff", image, compression=compression)
    for orientation in range(2, 9):
        turned[0x0112] = orientation
        save(f"orientation{orientation}.tiff", image, exif=turned, compression="tiff_lzw")
    save("rgb.gif", image)
    save("grey.gif", grey)
    save("transparent.gif", palette, transparency=3)
    save("interlaced.gif", image, interlace=1)
    save("animated.gif", image, save_all=True, append_images=[image.rotate(90)])
    pixels = {f.name: np.asarray(Image.open(f).convert("RGB")) for f in sorted(folder.iterdir())}
    save_file(pixels, OUT / "decoded.safetensors")


def png16(path, samples):
    """Pillow cannot write 16-bit RGB."""
    height, width, _ = samples.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def resized():
    sizes = [(32, 32), (150, 150), (33, 57), (97, 41), (5, 3), (1, 7)]
    targets = [(224, 224), (64, 64), (31, 100), (150, 20), (1, 1), (33, 58)]
    names = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")
    methods = {name: Image.Resampling[name.upper()] for name in names}
    for source in sizes:
        image = Image.fromarray(pattern(*source))
        for target in targets:
            for name, method in methods.items():
                out = np.asarray(image.resize(target[::-1], method))
                yield dict(source=source, target=target, interpolation=name, sha=sha(out))


def shorter_sides():
    for source in [(32, 32), (33, 57), (97, 41), (150, 149), (101, 333), (37, 36)]:
        for size in (20, 36, 64, 73, 256):
            out = transforms.Resize(size)(Image.fromarray(pattern(*source)))
            yield dict(source=source, size=size, result=out.size[::-1])


def cropped():
    sources = [(32, 32), (33, 32), (31, 40), (40, 31), (64, 64), (29, 29), (100, 10), (34, 37)]
    for source in sources:
        for target in [(32, 32), (33, 31), (28, 30), (64, 21)]:
            out = np.asarray(transforms.CenterCrop(target)(Image.fromarray(pattern(*source))))
            yield dict(source=source, target=target, sha=sha(out))


def tensors():
    """Evaluation transforms whole, as float32 (3, h, w)."""
    normalize = lambda mean, std: [transforms.ToTensor(), transforms.Normalize(mean, std)]
    own = dict(mean=(0.5071, 0.4866, 0.4409), std=(0.2673, 0.2564, 0.2762))
    half = dict(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))

    def cases(size):
        yield dict(name="protocol"), [transforms.CenterCrop(size), *normalize(MEAN, STD)]
        yield dict(name="protocol", **own), [transforms.CenterCrop(size), *normalize(**own)]
        yield dict(name="unit"), [transforms.CenterCrop(size), transforms.ToTensor()]
        yield (
            dict(name="imagenet"),
            [transforms.Resize(int(size / 0.875)), transforms.CenterCrop(size), *normalize(MEAN, STD)],
        )
        whole = transforms.Resize((size, size), InterpolationMode.BICUBIC)
        yield dict(name="upsample"), [whole, *normalize(MEAN, STD)]
        for spec, options in [
            (dict(name="timm"), {}),
            (dict(name="timm", cropPct=0.9, **half), dict(crop_pct=0.9, **half)),
            (dict(name="timm", cropPct=1, interpolation="bilinear"), dict(crop_pct=1.0, interpolation="bilinear")),
        ]:
            options = {"interpolation": "bicubic", **options}
            yield spec, [create_transform((3, size, size), is_training=False, **options)]

    for size in (224, 240, 32):
        for spec, steps in cases(size):
            for source in [(32, 32), (150, 150), (97, 141), (300, 257)]:
                out = transforms.Compose(steps)(Image.fromarray(pattern(*source))).numpy()
                assert out.dtype == np.float32 and out.shape == (3, size, size)
                yield dict(spec=spec, size=size, source=source, sha=sha(out))


def write_transforms():
    goldens = dict(
        resized=list(resized()), shorterSides=list(shorter_sides()), cropped=list(cropped()), tensors=list(tensors())
    )
    lines = [f'"{key}": [\n' + ",\n".join(map(json.dumps, rows)) + "\n]" for key, rows in goldens.items()]
    (OUT / "transforms.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    decoded()
    write_transforms()
