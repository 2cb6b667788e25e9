"""Images of every kind that Pillow, tifffile and libtiff write, with the pixels that Pillow reads in them.

    pip install numpy pillow tifffile imagecodecs
    python __tests__/goldens/image_kinds.py FOLDER       # all kinds, for __tests__/images/kinds.mjs
    python __tests__/goldens/image_kinds.py              # those of image_kinds.txt, into fixtures/images/kinds.json.gz

Beside the files stands expected.json: of each the width, height and SHA-256 of Image.open(file).convert('RGB').tobytes(),
or what Pillow says when it does not open it; and the pixels, as NAME.rgb. image_kinds.txt says of each name what is to
come of it: `equal`, or what a refusal says. Pillow 13.0, tifffile 2026.3. One needs jpegtran (libjpeg-turbo).
"""

import base64
import gzip
import hashlib
import io
import json
import struct
import sys
import warnings
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

warnings.simplefilter("ignore")
Image.init()
rng = np.random.default_rng(11)


def scene(height, width):
    y, x = np.mgrid[0:height, 0:width]
    smooth = np.stack([120 + 90 * np.sin(x / 4), 128 + 100 * np.cos(y / 3), 6 * x + 5 * y], -1)
    return np.clip(smooth + rng.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8)


SMALL, LARGE = scene(19, 23), scene(70, 133)
PICTURE, BIG = Image.fromarray(SMALL), Image.fromarray(LARGE)
GREY, PALETTE, BLACK = PICTURE.convert("L"), PICTURE.quantize(16), PICTURE.convert("1")
ALPHA = rng.integers(0, 256, SMALL.shape[:2], dtype=np.uint8)
RGBA = PICTURE.copy()
RGBA.putalpha(Image.fromarray(ALPHA))
GREY_ALPHA = GREY.copy()
GREY_ALPHA.putalpha(Image.fromarray(ALPHA))


def saved(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


# ---------------------------------------------------------------- TIFF


def tiff(fields, data, little=True, big=False):
    """A TIFF by hand: `data` are the strips or tiles, whose places and lengths go into 273/279 (or 324/325)."""
    e = "<" if little else ">"
    word, long = ("Q", 16) if big else ("I", 4)
    head = (b"II" if little else b"MM") + (
        struct.pack(e + "HHHQ", 43, 8, 0, 16) if big else struct.pack(e + "HI", 42, 8)
    )
    tiled = 322 in fields
    body, places = b"", []
    fields = dict(fields)
    fields.setdefault(324 if tiled else 273, (long, [0] * len(data)))
    fields.setdefault(325 if tiled else 279, (long, [len(d) for d in data]))
    count = len(fields)
    after = len(head) + (8 if big else 2) + count * (20 if big else 12) + (8 if big else 4)
    blobs, at = {}, after
    for d in data:
        places.append(at)
        body += d
        at += len(d)
    if fields[324 if tiled else 273][1] == [0] * len(data):
        fields[324 if tiled else 273] = (long, places)
    sizes = {1: "B", 3: "H", 4: "I", 7: "B", 16: "Q", 5: "II", 2: "B"}
    entries = b""
    for tag in sorted(fields):
        kind, values = fields[tag]
        raw = b"".join(struct.pack(e + sizes[kind][0], v) for v in values)
        number = len(values)
        entries += struct.pack(e + "HH" + word, tag, kind, number)
        if len(raw) <= (8 if big else 4):
            entries += raw.ljust(8 if big else 4, b"\0")
        else:
            entries += struct.pack(e + word, at)
            body += raw
            at += len(raw)
    return head + struct.pack(e + ("Q" if big else "H"), count) + entries + struct.pack(e + word, 0) + body


def short(*values):
    return (3, list(values))


def long(*values):
    return (4, list(values))


def basic(width, height, bits, photometric, samples=1, **more):
    fields = {
        256: long(width), 257: long(height), 258: short(*[bits] * samples), 259: short(1),
        262: short(photometric), 277: short(samples), 278: long(height),
    }  # fmt: skip
    fields.update({int(k[1:]): v for k, v in more.items()})
    return fields


def packed(values, bits):
    """Rows of whole numbers, packed from the highest bit, each row from a byte of its own."""
    height, width = values.shape
    flat = ((values[..., None] >> np.arange(bits)[::-1]) & 1).reshape(height, width * bits).astype(np.uint8)
    return np.packbits(flat, axis=1).tobytes()


REVERSED = bytes(int(f"{i:08b}"[::-1], 2) for i in range(256))


def tiffs():
    modes = dict(
        one=BLACK, L=GREY, LA=GREY_ALPHA, P=PALETTE, RGB=PICTURE, RGBA=RGBA, RGBX=PICTURE.convert("RGBX"),
        CMYK=PICTURE.convert("CMYK"), YCbCr=PICTURE.convert("YCbCr"),
        I=GREY.convert("I"), F=GREY.convert("F"), I16=Image.fromarray(np.asarray(GREY).astype(np.uint16) * 257),
        I16dark=Image.fromarray(np.asarray(GREY).astype(np.uint16)),
        HSV=PICTURE.convert("HSV"),
    )  # fmt: skip
    lab = Image.frombytes("LAB", PICTURE.size, SMALL.tobytes())
    modes["LAB"] = lab
    compressions = [
        None, "packbits", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "jpeg", "group3", "group4", "tiff_ccitt",
        "zstd", "lzma", "webp",
    ]  # fmt: skip
    for mode, picture in modes.items():
        for compression in compressions:
            for big in (False, True) if compression in (None, "tiff_lzw", "zstd") else (False,):
                name = f"pil-{mode}-{compression}{'-big' if big else ''}.tif"
                yield name, lambda: saved(picture, "TIFF", compression=compression, big_tiff=big)
    for orientation in range(1, 10):
        for compression in (None, "tiff_lzw"):
            exif = Image.Exif()
            exif[0x0112] = orientation
            yield (
                f"orientation{orientation}-{compression}.tif",
                lambda: saved(PICTURE, "TIFF", exif=exif, compression=compression),
            )
    for subsampling in ("4:4:4", "4:2:2", "4:2:0", "4:1:1"):
        name = f"jpeg-{subsampling.replace(':', '')}.tif"
        yield name, lambda: saved(BIG, "TIFF", compression="jpeg", tiffinfo={}, quality=80)
    for strip in (1, 7, 16):
        for compression in (None, "tiff_lzw", "packbits", "tiff_adobe_deflate", "jpeg"):
            for what, picture in dict(RGB=BIG, L=BIG.convert("L"), one=BIG.convert("1"), P=BIG.quantize(64)).items():
                yield (
                    f"strips{strip}-{what}-{compression}.tif",
                    lambda: saved(picture, "TIFF", compression=compression, tiffinfo={278: strip}, strip_size=strip * 400),
                )
    noise = Image.fromarray(rng.integers(0, 2, (40, 133), dtype=np.uint8) * 255).convert("1")
    lines = np.full((64, 5300), 255, np.uint8)
    for y in range(64):
        for x in rng.integers(0, 5300, y % 7):
            lines[y, x : x + int(rng.integers(1, 3000))] ^= 255
    lines = Image.fromarray(lines).convert("1")
    for what, picture in dict(picture=BIG.convert("1"), noise=noise, lines=lines, white=Image.new("1", (133, 70), 1),
                              black=Image.new("1", (133, 70)), one=Image.new("1", (1, 1))).items():  # fmt: skip
        for compression in ("group3", "group4", "tiff_ccitt"):
            for options in ({}, {292: 1}, {292: 4}, {292: 5}) if compression == "group3" else ({},):
                for strip in (9, 1000):
                    for fill in (1, 2):
                        info = {**options, 278: strip, 266: fill}
                        name = f"fax-{what}-{compression}-{options.get(292, 0)}-strip{strip}-fill{fill}.tif"
                        yield name, lambda: saved(picture, "TIFF", compression=compression, tiffinfo=info, strip_size=strip * picture.width // 8)
    yield "fax-cut.tif", lambda: (lambda b: b[:-60])(saved(lines, "TIFF", compression="group4"))
    pages = [PICTURE, PICTURE.rotate(90), GREY]
    yield "pages.tif", lambda: saved(PICTURE, "TIFF", save_all=True, append_images=pages[1:])
    yield "trailing.tif", lambda: saved(PICTURE, "TIFF") + b"left over" * 50
    for predictor in (1, 2):
        for compression in ("tiff_lzw", "tiff_adobe_deflate", "zstd"):
            for mode, picture in modes.items():
                if mode in ("RGB", "RGBA", "L", "LA", "P", "one", "I16", "CMYK", "F"):
                    yield (
                        f"predictor{predictor}-{mode}-{compression}.tif",
                        lambda: saved(picture, "TIFF", compression=compression, tiffinfo={317: predictor}),
                    )
    yield from tiffs_of_tifffile()
    yield from tiffs_by_hand()


def tiffs_of_tifffile():
    rgb16 = (LARGE.astype(np.uint16) * 257) ^ rng.integers(0, 256, LARGE.shape).astype(np.uint16)
    rgba = np.dstack([LARGE, rng.integers(0, 256, LARGE.shape[:2], dtype=np.uint8)])
    rgba16 = np.dstack([rgb16, rng.integers(0, 65536, LARGE.shape[:2], dtype=np.uint16)])
    grey = LARGE[..., 1]
    colormap = rng.integers(0, 65536, (3, 256)).astype(np.uint16)
    arrays = dict(
        rgb8=(LARGE, dict(photometric="rgb")),
        rgb16=(rgb16, dict(photometric="rgb")),
        rgb32=(rgb16.astype(np.uint32), dict(photometric="rgb")),
        rgbf=((LARGE / 255).astype(np.float32), dict(photometric="rgb")),
        rgba8_assoc=(rgba, dict(photometric="rgb", extrasamples=["assocalpha"])),
        rgba8_unassoc=(rgba, dict(photometric="rgb", extrasamples=["unassalpha"])),
        rgba8_unspecified=(rgba, dict(photometric="rgb", extrasamples=["unspecified"])),
        rgba16_assoc=(rgba16, dict(photometric="rgb", extrasamples=["assocalpha"])),
        rgba16_unassoc=(rgba16, dict(photometric="rgb", extrasamples=["unassalpha"])),
        rgba16_unspecified=(rgba16, dict(photometric="rgb", extrasamples=["unspecified"])),
        rgbxx8=(np.dstack([rgba, grey]), dict(photometric="rgb", extrasamples=["unspecified"] * 2)),
        rgbax8=(np.dstack([rgba, grey]), dict(photometric="rgb", extrasamples=["unassalpha", "unspecified"])),
        rgbaxx8=(np.dstack([rgba, grey, grey]), dict(photometric="rgb", extrasamples=["assocalpha"] + ["unspecified"] * 2)),
        l8=(grey, dict(photometric="minisblack")),
        l8_white=(grey, dict(photometric="miniswhite")),
        l16=(rgb16[..., 0], dict(photometric="minisblack")),
        l16_white=(rgb16[..., 0], dict(photometric="miniswhite")),
        l16_signed=(rgb16[..., 0].astype(np.int16), dict(photometric="minisblack")),
        l8_signed=(grey.astype(np.int8), dict(photometric="minisblack")),
        l32=(grey.astype(np.uint32) * 9999, dict(photometric="minisblack")),
        f32=((grey / 255).astype(np.float32), dict(photometric="minisblack")),
        f16=((grey / 255).astype(np.float16), dict(photometric="minisblack")),
        f64=((grey / 255).astype(np.float64), dict(photometric="minisblack")),
        complex=((grey / 255).astype(np.complex64), dict(photometric="minisblack")),
        la8=(np.dstack([grey, grey // 2]), dict(photometric="minisblack", extrasamples=["unassalpha"])),
        la8_assoc=(np.dstack([grey, grey // 2]), dict(photometric="minisblack", extrasamples=["assocalpha"])),
        lx8=(np.dstack([grey, grey // 2]), dict(photometric="minisblack", extrasamples=["unspecified"])),
        la16=(rgba16[..., 2:], dict(photometric="minisblack", extrasamples=["unassalpha"])),
        p8=(grey, dict(photometric="palette", colormap=colormap)),
        cmyk8=(rgba, dict(photometric="separated")),
        cmyk16=(rgba16, dict(photometric="separated")),
        cmykx8=(np.dstack([rgba, grey]), dict(photometric="separated", extrasamples=["unspecified"])),
        cmyka8=(np.dstack([rgba, grey]), dict(photometric="separated", extrasamples=["unassalpha"])),
        bilevel=(grey > 128, dict(photometric="minisblack")),
        bilevel_white=(grey > 128, dict(photometric="miniswhite")),
        lab=(LARGE, dict(photometric="cielab")),
        ycbcr=(LARGE, dict(photometric="ycbcr")),
        six=(np.dstack([LARGE, LARGE]), dict(photometric="minisblack")),
    )
    for name, (array, options) in arrays.items():
        for layout in ("strips", "tiles", "planar", "planar_tiles", "bigendian", "bigtiff"):
            for compression in (None, "lzw", "zlib", "packbits", "jpeg", "zstd", "lzma", "deflate_old", "png", "jpegxl", "lerc", "jpeg2000"):
                if compression in ("png", "jpegxl", "lerc", "jpeg2000", "lzma") and (layout != "strips" or name not in ("rgb8", "l8")):
                    continue
                for predictor in (False, True) if compression in ("lzw", "zlib") else (False,):
                    def make():
                        nonlocal array
                        file = io.BytesIO()
                        more = dict(options, compression=compression, predictor=predictor, metadata=None)
                        data = array
                        if compression == "deflate_old":
                            more["compression"] = 32946
                        if layout in ("tiles", "planar_tiles"):
                            more["tile"] = (32, 48)
                        elif layout != "bigendian":
                            more["rowsperstrip"] = 16
                        if layout.startswith("planar"):
                            if array.ndim == 2:
                                raise ValueError("one sample only")
                            data = np.moveaxis(array, -1, 0)
                            more["planarconfig"] = "separate"
                        elif array.ndim == 3:
                            more["planarconfig"] = "contig"
                        tifffile.imwrite(
                            file, data, byteorder=">" if layout == "bigendian" else "<", bigtiff=layout == "bigtiff", **more
                        )
                        return file.getvalue()

                    label = f"tf-{name}-{layout}-{compression}{'-predictor' if predictor else ''}.tif"
                    yield label, make
    for sampling in ((1, 1), (2, 1), (2, 2), (4, 1)):
        def make_jpeg():
            file = io.BytesIO()
            tifffile.imwrite(
                file, LARGE, photometric="ycbcr", compression="jpeg", subsampling=sampling, rowsperstrip=32, metadata=None,
                compressionargs=dict(level=80),
            )  # fmt: skip
            return file.getvalue()

        yield f"tf-ycbcr-jpeg-{sampling[0]}{sampling[1]}.tif", make_jpeg

        def make_tiles():
            file = io.BytesIO()
            tifffile.imwrite(
                file, LARGE, photometric="ycbcr", compression="jpeg", subsampling=sampling, tile=(32, 32), metadata=None,
            )  # fmt: skip
            return file.getvalue()

        yield f"tf-ycbcr-jpeg-tiles-{sampling[0]}{sampling[1]}.tif", make_tiles


def tiffs_by_hand():
    width, height = PICTURE.size
    grey = np.asarray(GREY)
    for bits in (1, 2, 4, 8, 12, 16):
        values = (grey.astype(np.int64) << 8 | grey) >> (16 - bits)
        data = packed(values, bits)
        if bits == 16:
            data = values.astype("<u2").tobytes()
        for photometric in (0, 1):
            for fill in (1, 2):
                for little in (True, False):
                    raw = data if little or bits != 16 else values.astype(">u2").tobytes()
                    raw = raw.translate(REVERSED) if fill == 2 else raw
                    fields = basic(width, height, bits, photometric, t266=short(fill))
                    yield f"hand-grey{bits}-{photometric}-fill{fill}-{'II' if little else 'MM'}.tif", lambda: tiff(fields, [raw], little)
                    for name, code, pack in (("deflate", 8, zlib.compress), ("packbits", 32773, imagecodecs.packbits_encode)):
                        compressed = zlib.compress(data) if code == 8 else imagecodecs.packbits_encode(data)
                        if fill == 2:
                            compressed = bytes(compressed).translate(REVERSED)
                        with_code = {**fields, 259: short(code)}
                        if little:
                            yield f"hand-grey{bits}-{photometric}-fill{fill}-{name}.tif", lambda: tiff(with_code, [bytes(compressed)])
        if bits <= 8:
            colormap = (3, rng.integers(0, 65536, 3 << bits).tolist())
            for fill in (1, 2):
                raw = data.translate(REVERSED) if fill == 2 else data
                yield f"hand-palette{bits}-fill{fill}.tif", lambda: tiff(basic(width, height, bits, 3, t320=colormap, t266=short(fill)), [raw])
            yield f"hand-palette{bits}-big.tif", lambda: tiff(basic(width, height, bits, 3, t320=colormap), [data], big=True)
    rgb = SMALL.tobytes()
    yield "hand-rgb-fill2.tif", lambda: tiff(basic(width, height, 8, 2, 3, t266=short(2)), [rgb.translate(REVERSED)])
    yield "hand-bigtiff-MM.tif", lambda: tiff(basic(width, height, 8, 2, 3), [rgb], False, True)
    yield "hand-one-bits-value.tif", lambda: tiff({**basic(width, height, 8, 2, 3), 258: short(8)}, [rgb])
    yield "hand-no-photometric.tif", lambda: tiff({k: v for k, v in basic(width, height, 8, 1).items() if k != 262}, [grey.tobytes()])
    yield "hand-no-counts.tif", lambda: tiff({**basic(width, height, 8, 2, 3), 279: long(0)}, [rgb])
    yield "hand-wrong-counts.tif", lambda: tiff({**basic(width, height, 8, 2, 3), 279: long(17)}, [rgb])
    yield "hand-short.tif", lambda: tiff(basic(width, height, 8, 2, 3), [rgb[:-100]])
    yield "hand-byte-fields.tif", lambda: tiff({**basic(width, height, 8, 2, 3), 259: (1, [1]), 262: (1, [2])}, [rgb])
    yield "hand-mixed-bits.tif", lambda: tiff({**basic(width, height, 8, 2, 3), 258: short(5, 6, 5)}, [rgb])
    yield "hand-rgba-unnamed.tif", lambda: tiff(basic(width, height, 8, 2, 4), [np.asarray(RGBA).tobytes()])
    yield "hand-rgba-999.tif", lambda: tiff(basic(width, height, 8, 2, 4, t338=short(999)), [np.asarray(RGBA).tobytes()])
    yield "hand-palette-alpha.tif", lambda: tiff(basic(width, height, 8, 3, 2, t338=short(2), t320=(3, rng.integers(0, 65536, 768).tolist())), [np.asarray(GREY_ALPHA).tobytes()])
    yield "hand-palette-extra.tif", lambda: tiff(basic(width, height, 8, 3, 2, t338=short(0), t320=(3, rng.integers(0, 65536, 768).tolist())), [np.asarray(GREY_ALPHA).tobytes()])
    yield "hand-mask.tif", lambda: tiff(basic(width, height, 1, 4), [packed(grey >> 7, 1)])
    yield "hand-ycbcr-22.tif", lambda: tiff(basic(width, height, 8, 6, 3, t530=short(2, 2)), [rgb])
    yield "hand-ycbcr-11.tif", lambda: tiff(basic(width, height, 8, 6, 3, t530=short(1, 1)), [rgb])
    for photometric in (2, 6):
        jpeg = saved(PICTURE, "JPEG", quality=90, subsampling=0)
        yield f"hand-jpeg-in-{photometric}.tif", lambda: tiff({**basic(width, height, 8, photometric, 3), 259: short(7)}, [jpeg])
    jpeg = saved(PICTURE, "JPEG", quality=90)
    old = {**basic(width, height, 8, 6, 3, t530=short(2, 2)), 259: short(6), 513: long(0), 514: long(len(jpeg))}

    def old_jpeg():
        made = tiff(old, [jpeg])
        return made.replace(struct.pack("<HHII", 513, 4, 1, 0), struct.pack("<HHII", 513, 4, 1, made.index(jpeg)))

    yield "hand-old-jpeg.tif", old_jpeg
    thumbs = BIG.resize((1000, 3))
    yield "hand-wide.tif", lambda: saved(thumbs, "TIFF", compression="tiff_lzw")
    noise = Image.fromarray(rng.integers(0, 256, (200, 300, 3), dtype=np.uint8))
    for compression in ("tiff_lzw", "packbits", "tiff_adobe_deflate"):
        yield f"noise-{compression}.tif", lambda: saved(noise, "TIFF", compression=compression)
        flat = Image.new("RGB", (301, 200), (7, 7, 7))
        yield f"flat-{compression}.tif", lambda: saved(flat, "TIFF", compression=compression)


# ---------------------------------------------------------------- BMP


def bmp(width, height, bits, rows, palette=b"", header=40, compression=0, masks=b"", colors=0, offset=None, tail=b""):
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(rows), 2835, 2835, colors, 0)
        rest = b"".join([masks]) if header > 40 else b""
        info += rest.ljust(header - 40, b"\0")
        if header == 40:
            info += masks
    start = 14 + len(info) + len(palette)
    at = start if offset is None else offset
    return struct.pack("<2sIHHI", b"BM", start + len(rows), 0, 0, at) + info + palette + rows + tail


def padded(raw, stride):
    """Rows from the bottom, each padded to four bytes."""
    rows = [raw[i : i + stride] for i in range(0, len(raw), stride)]
    return b"".join(row.ljust(-(-stride // 4) * 4, b"\0") for row in rows[::-1])


def rle8(indices):
    out = b""
    for row in indices[::-1]:
        x = 0
        while x < len(row):
            run = 1
            while x + run < len(row) and run < 255 and row[x + run] == row[x]:
                run += 1
            if run > 1 or x + 3 > len(row):
                out += bytes([run, row[x]])
                x += run
            else:
                end = min(len(row), x + 3 + int(row[x]) % 3)
                count = end - x
                out += bytes([0, count]) + bytes(row[x:end]) + (b"\0" if count % 2 else b"")
                x = end
        out += b"\0\0"
    return out[:-2] + b"\0\1"


def rle4(indices):
    out = b""
    for n, row in enumerate(indices[::-1]):
        x = 0
        while x < len(row):
            if n % 2 and x + 5 <= len(row):
                part = [int(v) for v in row[x : x + 5]] + [0]
                out += bytes([0, 5]) + bytes(part[i] << 4 | part[i + 1] for i in (0, 2, 4)) + b"\0"
                x += 5
            else:
                pair = [int(v) for v in row[x : x + 2]]
                out += bytes([len(pair), pair[0] << 4 | (pair[1] if len(pair) > 1 else 0)])
                x += len(pair)
        out += b"\0\0"
    return out[:-2] + b"\0\1"


def bmps():
    width, height = PICTURE.size
    for mode, picture in dict(one=BLACK, L=GREY, P=PALETTE, RGB=PICTURE, RGBA=RGBA).items():
        yield f"pil-{mode}.bmp", lambda: saved(picture, "BMP")
        yield f"pil-{mode}-trailing.bmp", lambda: saved(picture, "BMP") + b"left over"
    colors = rng.integers(0, 256, (256, 4), dtype=np.uint8)
    grey = np.asarray(GREY)
    for bits in (1, 2, 4, 8):
        indices = grey >> (8 - bits)
        raw = packed(indices, bits)
        stride = -(-width * bits // 8)
        rows = padded(raw, stride)
        palette = colors[: 1 << bits].tobytes()
        short_palette = colors[: max(2, (1 << bits) - 5)].tobytes()
        yield f"palette{bits}.bmp", lambda: bmp(width, height, bits, rows, palette)
        yield f"palette{bits}-top.bmp", lambda: bmp(width, -height, bits, rows, palette)
        yield f"palette{bits}-os2.bmp", lambda: bmp(width, height, bits, rows, colors[: 1 << bits, :3].tobytes(), 12)
        yield f"palette{bits}-os22.bmp", lambda: bmp(width, height, bits, rows, palette, 64)
        yield f"palette{bits}-v4.bmp", lambda: bmp(width, height, bits, rows, palette, 108)
        yield f"palette{bits}-v5.bmp", lambda: bmp(width, height, bits, rows, palette, 124)
        yield f"palette{bits}-short.bmp", lambda: bmp(width, height, bits, rows, short_palette, colors=len(short_palette) // 4)
        yield f"palette{bits}-two.bmp", lambda: bmp(width, height, bits, rows, bytes([0, 0, 0, 0, 255, 255, 255, 0]), colors=2)
        yield f"palette{bits}-inverse.bmp", lambda: bmp(width, height, bits, rows, bytes([255, 255, 255, 0, 0, 0, 0, 0]), colors=2)
        ramp = bytes(v for i in range(1 << bits) for v in (i, i, i, 0))
        yield f"palette{bits}-ramp.bmp", lambda: bmp(width, height, bits, rows, ramp)
        yield f"palette{bits}-offset-after-header.bmp", lambda: bmp(width, height, bits, rows, palette, offset=54)
        yield f"palette{bits}-offset-zero.bmp", lambda: bmp(width, height, bits, rows, palette, offset=0)
        yield f"palette{bits}-300-colors.bmp", lambda: bmp(width, height, bits, rows, palette, colors=300)
    two = bytes([0, 0, 0, 0, 255, 255, 255, 0])
    for bits in (2, 4, 8):
        rows = padded(packed(grey >> 7, bits), -(-width * bits // 8))
        yield f"palette{bits}-black-white.bmp", lambda: bmp(width, height, bits, rows, two, colors=2)
        yield f"palette{bits}-white-black.bmp", lambda: bmp(width, height, bits, rows, two[4:] + two[:4], colors=2)
    runs = grey >> 5
    palette = colors.tobytes()
    for name, header in (("", 40), ("-v4", 108), ("-v5", 124)):
        yield f"rle8{name}.bmp", lambda: bmp(width, height, 8, rle8(runs), palette, header, 1)
        yield f"rle4{name}.bmp", lambda: bmp(width, height, 4, rle4(grey >> 4), palette[:64], header, 2)
    yield "rle8-odd.bmp", lambda: bmp(21, 19, 8, rle8(runs[:, :21]), palette, 40, 1)
    yield "rle4-odd.bmp", lambda: bmp(21, 19, 4, rle4(grey[:, :21] >> 4), palette[:64], 40, 2)
    yield "rle8-delta.bmp", lambda: bmp(10, 4, 8, bytes([3, 5, 0, 2, 4, 1, 3, 9, 0, 0, 10, 2, 10, 3, 0, 1]), palette, 40, 1)
    yield "rle8-delta-full.bmp", lambda: bmp(10, 4, 8, bytes([3, 5, 0, 2, 4, 1, 3, 9, 0, 0, 10, 2, 10, 3]), palette, 40, 1)
    yield "rle8-left-early.bmp", lambda: bmp(10, 3, 8, bytes([3, 5, 0, 0, 2, 7, 0, 0, 10, 8, 0, 1]), palette, 40, 1)
    yield "rle8-overlong.bmp", lambda: bmp(10, 3, 8, bytes([13, 5, 0, 0, 12, 7, 0, 0, 10, 8, 0, 1]), palette, 40, 1)
    yield "rle8-ends-early.bmp", lambda: bmp(10, 3, 8, bytes([10, 5, 0, 0, 2, 7, 0, 1]), palette, 40, 1)
    yield "rle8-cut.bmp", lambda: bmp(10, 3, 8, bytes([10, 5, 0, 0, 2, 7]), palette, 40, 1)
    yield "rle8-top.bmp", lambda: bmp(width, -height, 8, rle8(runs), palette, 40, 1)
    yield "rle8-grey.bmp", lambda: bmp(width, height, 8, rle8(runs), bytes(v for i in range(256) for v in (i, i, i, 0)), 40, 1)
    yield "rle8-two.bmp", lambda: bmp(width, height, 8, rle8(grey >> 7), bytes([0, 0, 0, 0, 255, 255, 255, 0]), 40, 1, colors=2)
    yield "rle8-24-bits.bmp", lambda: bmp(width, height, 24, rle8(runs), b"", 40, 1)
    pixels = rng.integers(0, 65536, (height, width)).astype("<u2")
    rows16 = padded(pixels.tobytes(), width * 2)
    yield "rgb16.bmp", lambda: bmp(width, height, 16, rows16)
    for name, masks in dict(m565=(0xF800, 0x7E0, 0x1F), m555=(0x7C00, 0x3E0, 0x1F), m444=(0xF00, 0xF0, 0xF)).items():
        for header in (40, 108, 124):
            yield f"rgb16-{name}-{header}.bmp", lambda: bmp(width, height, 16, rows16, b"", header, 3, struct.pack("<III", *masks))
    rows24 = padded(SMALL[..., ::-1].tobytes(), width * 3)
    for header in (12, 40, 52, 56, 64, 108, 124, 16):
        yield f"rgb24-{header}.bmp", lambda: bmp(width, height, 24, rows24, b"", header)
    yield "rgb24-top.bmp", lambda: bmp(width, -height, 24, rows24)
    yield "rgb24-no-last-padding.bmp", lambda: bmp(width, height, 24, rows24[: -(-width * 3 % 4) or None])
    yield "rgb24-cut.bmp", lambda: bmp(width, height, 24, rows24[:-10])
    yield "rgb24-gap.bmp", lambda: bmp(width, height, 24, b"gap" * 10 + rows24, offset=54 + 30)
    yield "rgb24-masks.bmp", lambda: bmp(width, height, 24, rows24, b"", 40, 3, struct.pack("<III", 0xFF0000, 0xFF00, 0xFF))
    rows32 = padded(rng.integers(0, 256, (height, width, 4), dtype=np.uint8).tobytes(), width * 4)
    yield "rgb32.bmp", lambda: bmp(width, height, 32, rows32)
    layouts = [
        (0xFF0000, 0xFF00, 0xFF, 0), (0xFF000000, 0xFF0000, 0xFF00, 0), (0xFF000000, 0xFF00, 0xFF, 0),
        (0xFF000000, 0xFF0000, 0xFF00, 0xFF), (0xFF, 0xFF00, 0xFF0000, 0xFF000000), (0xFF0000, 0xFF00, 0xFF, 0xFF000000),
        (0xFF000000, 0xFF00, 0xFF, 0xFF0000), (0, 0, 0, 0), (0x3FF, 0xFFC00, 0x3FF00000, 0), (0xFF00, 0xFF0000, 0xFF, 0),
        (0xFF, 0xFF00, 0xFF0000, 0),
    ]  # fmt: skip
    for i, layout in enumerate(layouts):
        yield f"rgb32-masks{i}-v4.bmp", lambda: bmp(width, height, 32, rows32, b"", 108, 3, struct.pack("<IIII", *layout))
        yield f"rgb32-masks{i}-v3.bmp", lambda: bmp(width, height, 32, rows32, b"", 56, 3, struct.pack("<IIII", *layout))
        yield f"rgb32-masks{i}.bmp", lambda: bmp(width, height, 32, rows32, b"", 40, 3, struct.pack("<III", *layout[:3]))
    yield "holds-png.bmp", lambda: bmp(width, height, 0, saved(PICTURE, "PNG"), b"", 40, 5)
    yield "holds-jpeg.bmp", lambda: bmp(width, height, 0, saved(PICTURE, "JPEG"), b"", 40, 4)
    yield "tiny.bmp", lambda: bmp(1, 1, 24, b"\1\2\3\0")


# ---------------------------------------------------------------- GIF


def gif(screen, frames, palette=None, background=0, version=b"GIF89a", tail=b";"):
    flags = 0
    table = b""
    if palette is not None:
        bits = max(1, (len(palette) - 1).bit_length())
        flags = 0x80 | (bits - 1) | 0x70
        table = palette.tobytes().ljust(3 << bits, b"\0")
    out = version + struct.pack("<HHBBB", *screen, flags, background, 0) + table
    return out + b"".join(frames) + tail


def frame(indices, left=0, top=0, transparent=None, disposal=0, local=None, interlaced=False, minimum=8, codes=None, extra=b""):
    height, width = indices.shape
    out = extra
    if transparent is not None or disposal:
        out += struct.pack("<BBBBHBB", 0x21, 0xF9, 4, disposal << 2 | (transparent is not None), 10, transparent or 0, 0)
    flags = 0x40 if interlaced else 0
    table = b""
    if local is not None:
        bits = max(1, (len(local) - 1).bit_length())
        flags |= 0x80 | (bits - 1)
        table = local.tobytes().ljust(3 << bits, b"\0")
    if interlaced:
        order = [*range(0, height, 8), *range(4, height, 8), *range(2, height, 4), *range(1, height, 2)]
        indices = indices[order]
    data = lzw_codes(indices.ravel(), minimum) if codes is None else codes
    blocks = b"".join(bytes([len(data[i : i + 255])]) + data[i : i + 255] for i in range(0, len(data), 255))
    return out + struct.pack("<BHHHHB", 0x2C, left, top, width, height, flags) + table + bytes([minimum]) + blocks + b"\0"


def lzw_codes(values, minimum, end=True, full=True):
    clear = 1 << minimum
    bits, count, size = 0, 0, minimum + 1
    out = bytearray()

    def emit(code):
        nonlocal bits, count
        bits |= code << count
        count += size
        while count >= 8:
            out.append(bits & 255)
            bits >>= 8
            count -= 8

    emit(clear)
    table, following, current = {}, clear + 2, ()
    for value in values.tolist():
        longer = (*current, value)
        if len(longer) == 1 or longer in table:
            current = longer
            continue
        emit(table[current] if len(current) > 1 else current[0])
        if following < 4096:
            table[longer] = following
            if following == 1 << size and size < 12:
                size += 1
            following += 1
        elif not full:
            emit(clear)
            table, following, size = {}, clear + 2, minimum + 1
        current = (value,)
    if current:
        emit(table[current] if len(current) > 1 else current[0])
        following += 1
        if following - 1 == 1 << size and size < 12:
            size += 1
    if end:
        emit(clear + 1)
    if count:
        out.append(bits & 255)
    return bytes(out)


def gifs():
    for mode, picture in dict(one=BLACK, L=GREY, P=PALETTE, RGB=PICTURE, RGBA=RGBA, big=BIG, LA=GREY_ALPHA).items():
        for interlace in (0, 1):
            yield f"pil-{mode}-{interlace}.gif", lambda: saved(picture, "GIF", interlace=interlace)
    yield "pil-transparent.gif", lambda: saved(PALETTE, "GIF", transparency=3)
    yield "pil-transparent-0.gif", lambda: saved(PALETTE, "GIF", transparency=0)
    for disposal in (0, 1, 2, 3):
        yield (
            f"pil-animated-{disposal}.gif",
            lambda: saved(PICTURE, "GIF", save_all=True, append_images=[PICTURE.rotate(90)], disposal=disposal, loop=0),
        )
    yield "pil-trailing.gif", lambda: saved(PALETTE, "GIF") + b"left over"
    colors = rng.integers(0, 256, (256, 3), dtype=np.uint8)
    local = rng.integers(0, 256, (16, 3), dtype=np.uint8)
    index = np.asarray(GREY)
    low = index >> 4
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1)
    for transparent in (None, 0, 3, 200):
        for disposal in (0, 1, 2, 3):
            yield f"offset-t{transparent}-d{disposal}.gif", lambda: gif((40, 30), [frame(index, 9, 5, transparent, disposal)], colors, 7)
    yield "beyond-canvas.gif", lambda: gif((10, 10), [frame(index)], colors)
    yield "beyond-canvas-offset.gif", lambda: gif((30, 30), [frame(index, 20, 20, 5)], colors)
    yield "empty-canvas.gif", lambda: gif((0, 0), [frame(index)], colors)
    yield "gif87a.gif", lambda: gif((23, 19), [frame(index)], colors, version=b"GIF87a")
    yield "local.gif", lambda: gif((30, 30), [frame(low, 2, 3, local=local, minimum=4)], colors)
    yield "local-only.gif", lambda: gif((30, 30), [frame(low, 2, 3, 4, local=local, minimum=4)])
    yield "no-palette.gif", lambda: gif((30, 30), [frame(index, 2, 3)])
    yield "no-palette-transparent.gif", lambda: gif((30, 30), [frame(index, 2, 3, 77)])
    yield "ramp-palette.gif", lambda: gif((30, 30), [frame(index, 2, 3, 5)], ramp)
    yield "ramp-local.gif", lambda: gif((30, 30), [frame(index, 2, 3, local=ramp)], colors)
    yield "short-palette.gif", lambda: gif((30, 30), [frame(index, 2, 3)], colors[:16])
    yield "short-palette-transparent.gif", lambda: gif((30, 30), [frame(low, 2, 3, 99, minimum=4)], colors[:16])
    yield "palette-of-2.gif", lambda: gif((23, 19), [frame(index >> 7, minimum=2)], colors[:2])
    for minimum in (1, 2, 3, 5, 7, 8, 9, 11, 12):
        values = index >> max(0, 8 - minimum)
        yield f"minimum-{minimum}.gif", lambda: gif((23, 19), [frame(values, minimum=minimum)], colors)
    yield "interlaced.gif", lambda: gif((30, 30), [frame(index, 3, 4, interlaced=True)], colors)
    for height in (1, 2, 3, 4, 5, 9):
        yield f"interlaced-{height}.gif", lambda: gif((23, height), [frame(index[:height], interlaced=True)], colors)
    yield "one.gif", lambda: gif((1, 1), [frame(index[:1, :1])], colors)
    yield "comment.gif", lambda: gif((23, 19), [b"!\xfe\x05hello\0", b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0", frame(index, transparent=9)], colors)
    yield "two-controls.gif", lambda: gif((40, 30), [frame(index, 1, 2, 9, extra=struct.pack("<BBBBHBB", 0x21, 0xF9, 4, 1, 0, 3, 0))], colors)
    yield "no-trailer.gif", lambda: gif((23, 19), [frame(index)], colors, tail=b"")
    yield "rubbish-between.gif", lambda: gif((23, 19), [b"\0\0", frame(index)], colors)
    noise = rng.integers(0, 256, (120, 130), dtype=np.uint8)
    yield "full-table.gif", lambda: gif((130, 120), [frame(noise)], colors)
    yield "no-end-code.gif", lambda: gif((23, 19), [frame(index, codes=lzw_codes(index.ravel(), 8, end=False))], colors)
    yield "too-many-pixels.gif", lambda: gif((23, 19), [frame(index, codes=lzw_codes(noise.ravel(), 8))], colors)
    yield "too-few-pixels.gif", lambda: gif((23, 19), [frame(index, codes=lzw_codes(index.ravel()[:100], 8))], colors)
    yield "cut.gif", lambda: gif((23, 19), [frame(index)], colors)[:-60]
    yield "no-frame.gif", lambda: gif((23, 19), [], colors)
    yield "empty-frame.gif", lambda: gif((23, 19), [frame(index[:0]), frame(index)], colors)
    flat = np.zeros((300, 400), np.uint8)
    yield "flat.gif", lambda: gif((400, 300), [frame(flat)], colors)


# ---------------------------------------------------------------- PNG


def chunk(kind, data, crc=None):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data) if crc is None else crc)


def png(width, height, depth, color, rows, before=(), after=(), interlace=0, parts=1, end=True, level=6, filter_method=0, method=0):
    data = zlib.compress(rows, level) if isinstance(rows, bytes) else rows[0]
    step = -(-len(data) // parts)
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, method, filter_method, interlace))
    out += b"".join(before)
    out += b"".join(chunk(b"IDAT", data[i : i + step]) for i in range(0, len(data), step))
    return out + b"".join(after) + (chunk(b"IEND", b"") if end else b"")


BANDS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def png_row(values, depth):
    return packed(values.reshape(1, -1), depth) if depth < 8 else values.astype(">u2" if depth == 16 else "u1").tobytes()


def png_rows(pixels, depth, filters):
    """Filtered rows of (height, width, bands)."""
    back = max(1, pixels.shape[2] * depth // 8)
    above, out = None, b""
    for y, row in enumerate(pixels):
        line = np.frombuffer(png_row(row, depth), np.uint8).astype(int)
        above = np.zeros_like(line) if above is None else above
        kind = filters[y % len(filters)]
        left = np.concatenate([np.zeros(back, int), line[:-back]])[: len(line)]
        corner = np.concatenate([np.zeros(back, int), above[:-back]])[: len(line)]
        guess = left + above - corner
        pa, pb, pc = abs(guess - left), abs(guess - above), abs(guess - corner)
        paeth = np.where((pa <= pb) & (pa <= pc), left, np.where(pb <= pc, above, corner))
        line_out = line - [0, left, above, (left + above) // 2, paeth][kind]
        out += bytes([kind]) + (line_out % 256).astype(np.uint8).tobytes()
        above = line
    return out


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def adam7(pixels, depth, filters):
    passes = [pixels[y::dy, x::dx] for x, y, dx, dy in ADAM7]
    return b"".join(png_rows(p, depth, filters) for p in passes if p.size)


def pngs():
    for mode, picture in dict(one=BLACK, L=GREY, LA=GREY_ALPHA, P=PALETTE, RGB=PICTURE, RGBA=RGBA, I=GREY.convert("I"),
                              I16=Image.fromarray(np.asarray(GREY).astype(np.uint16) * 257)).items():  # fmt: skip
        yield f"pil-{mode}.png", lambda: saved(picture, "PNG")
    for bits in (1, 2, 4, 8):
        yield f"pil-P{bits}.png", lambda: saved(PICTURE.quantize(1 << bits), "PNG", bits=bits)
    yield "pil-P-transparency-bytes.png", lambda: saved(PALETTE, "PNG", transparency=bytes(range(16)))
    yield "pil-P-transparency-one.png", lambda: saved(PALETTE, "PNG", transparency=2)
    yield "pil-L-transparency.png", lambda: saved(GREY, "PNG", transparency=100)
    yield "pil-RGB-transparency.png", lambda: saved(PICTURE, "PNG", transparency=PICTURE.getpixel((0, 0)))
    yield "pil-1-transparency.png", lambda: saved(BLACK, "PNG", transparency=0)
    exif = Image.Exif()
    exif[0x0112] = 6
    yield "pil-exif.png", lambda: saved(PICTURE, "PNG", exif=exif)
    frames = [PICTURE.rotate(90), PICTURE.rotate(180)]
    yield "apng.png", lambda: saved(PICTURE, "PNG", save_all=True, append_images=frames)
    yield "apng-default.png", lambda: saved(PICTURE, "PNG", save_all=True, append_images=frames, default_image=True)
    palette = rng.integers(0, 256, 768, dtype=np.uint8).tobytes()
    for color, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
        for depth in depths:
            for width, height in ((23, 19), (1, 1), (3, 5), (9, 2)):
                pixels = rng.integers(0, 1 << depth, (height, width, BANDS[color]))
                before = [chunk(b"PLTE", palette[: 3 << depth])] if color == 3 else []
                name = f"c{color}d{depth}-{width}x{height}"
                yield f"{name}.png", lambda: png(width, height, depth, color, png_rows(pixels, depth, [0, 1, 2, 3, 4]), before)
                yield f"{name}-adam7.png", lambda: png(width, height, depth, color, adam7(pixels, depth, [4, 3, 2, 1, 0]), before, interlace=1, parts=3)
            size = {0: 2, 2: 6, 3: 1 << depth}.get(color)
            if size:
                trns = rng.integers(0, 2, size, dtype=np.uint8).tobytes() if color != 3 else bytes(size)
                pixels = rng.integers(0, 1 << depth, (19, 23, BANDS[color]))
                more = ([chunk(b"PLTE", palette[: 3 << depth])] if color == 3 else []) + [chunk(b"tRNS", trns)]
                yield f"c{color}d{depth}-trns.png", lambda: png(23, 19, depth, color, png_rows(pixels, depth, [4]), more)
    dark = rng.integers(0, 256, (19, 23, 1))
    yield "grey16-dark.png", lambda: png(23, 19, 16, 0, png_rows(dark, 16, [0]))
    rows = png_rows(SMALL, 8, [0, 1, 2, 3, 4])
    made = lambda **more: png(23, 19, 8, 2, rows, **more)
    profile = b"name\0\0" + zlib.compress(b"profile" * 100)
    yield "chunks.png", lambda: made(before=[chunk(b"gAMA", struct.pack(">I", 45455)), chunk(b"sRGB", b"\0"), chunk(b"iCCP", profile),
                                      chunk(b"cHRM", bytes(32)), chunk(b"pHYs", bytes(9)), chunk(b"tEXt", b"a\0b"), chunk(b"bKGD", bytes(6)), chunk(b"sBIT", b"\5\6\5"),
                                      chunk(b"vpAg", bytes(9)), chunk(b"caNv", bytes(16))], after=[chunk(b"tIME", bytes(7)), chunk(b"tEXt", b"c\0d")])  # fmt: skip
    yield "suggested-palette.png", lambda: made(before=[chunk(b"PLTE", palette)])
    yield "trailing.png", lambda: made() + b"left over" * 20
    yield "trailing-png.png", lambda: made() + made()
    yield "no-end.png", lambda: made(end=False)
    yield "parts.png", lambda: made(parts=9)
    yield "empty-parts.png", lambda: made(before=[chunk(b"IDAT", b"")], parts=2)
    yield "parts-split.png", lambda: png(23, 19, 8, 2, rows, before=[chunk(b"IDAT", zlib.compress(rows)), chunk(b"tEXt", b"a\0b")])
    yield "more-rows.png", lambda: png(23, 19, 8, 2, rows + rows)
    yield "fewer-rows.png", lambda: png(23, 19, 8, 2, rows[:-70])
    yield "no-checksum-of-zlib.png", lambda: png(23, 19, 8, 2, (zlib.compress(rows)[:-4],))
    yield "wrong-checksum-of-zlib.png", lambda: png(23, 19, 8, 2, (zlib.compress(rows)[:-4] + b"abcd",))
    yield "stored.png", lambda: made(level=0)
    yield "crc-ihdr.png", lambda: bytes([*made()[:29], 1, 2, 3, 4, *made()[33:]])
    yield "crc-text.png", lambda: made(before=[chunk(b"tEXt", b"a\0b", 7)])
    yield "crc-idat.png", lambda: made(before=[chunk(b"IDAT", zlib.compress(rows), 7)])
    yield "crc-after.png", lambda: made(after=[chunk(b"tEXt", b"a\0b", 7)])
    yield "cut-after.png", lambda: made(after=[chunk(b"tEXt", b"a\0b" * 100)])[:-150]
    yield "cut-in-idat.png", lambda: made()[:-200]
    yield "unknown-critical.png", lambda: made(before=[chunk(b"ABCD", b"xyz")])
    yield "bad-name.png", lambda: made(before=[chunk(b"\1\2\3\4", b"xyz")])
    yield "filter-method.png", lambda: made(filter_method=1)
    yield "compression-method.png", lambda: made(method=1)
    yield "row-filter-5.png", lambda: png(23, 19, 8, 2, b"\5" + rows[1:])
    yield "depth-3.png", lambda: png(23, 19, 3, 0, rows)
    yield "color-1.png", lambda: png(23, 19, 8, 1, rows)
    yield "rgb-depth-4.png", lambda: png(23, 19, 4, 2, rows)
    index = np.asarray(GREY)[..., None]
    yield "short-palette.png", lambda: png(23, 19, 8, 3, png_rows(index, 8, [0]), [chunk(b"PLTE", palette[:30])])
    yield "no-palette.png", lambda: png(23, 19, 8, 3, png_rows(index, 8, [0]))
    yield "long-palette.png", lambda: png(23, 19, 4, 3, png_rows(index >> 4, 4, [0]), [chunk(b"PLTE", palette)])
    yield "no-idat.png", lambda: b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)) + chunk(b"IEND", b"")
    yield "zero-width.png", lambda: png(0, 19, 8, 2, rows)
    yield "interlace-2.png", lambda: png(23, 19, 8, 2, adam7(SMALL, 8, [0]), interlace=2)
    large = rng.integers(0, 256, (300, 20000, 3), dtype=np.uint8) // 64 * 64
    yield "large.png", lambda: saved(Image.fromarray(large), "PNG", compress_level=1)


# ---------------------------------------------------------------- JPEG


def jpegs():
    for mode, picture in dict(L=GREY, RGB=PICTURE, CMYK=PICTURE.convert("CMYK"), YCbCr=PICTURE.convert("YCbCr"), one=BLACK, big=BIG).items():
        for progressive in (False, True):
            for quality in (30, 75, 95, 100):
                label = f"pil-{mode}-{quality}{'-progressive' if progressive else ''}.jpg"
                yield label, lambda: saved(picture, "JPEG", quality=quality, progressive=progressive)
    for subsampling in ("4:4:4", "4:2:2", "4:2:0", "4:1:1"):
        name = f"subsampling-{subsampling.replace(':', '')}"
        yield f"{name}.jpg", lambda: saved(BIG, "JPEG", subsampling=subsampling)
        yield f"{name}-progressive.jpg", lambda: saved(BIG, "JPEG", subsampling=subsampling, progressive=True)
    yield "keep-rgb.jpg", lambda: saved(BIG, "JPEG", keep_rgb=True)
    yield "restart-rows.jpg", lambda: saved(BIG, "JPEG", restart_marker_rows=1)
    yield "restart-blocks.jpg", lambda: saved(BIG, "JPEG", restart_marker_blocks=3)
    yield "optimize.jpg", lambda: saved(BIG, "JPEG", optimize=True)
    for orientation in (1, 3, 6, 8):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield f"exif-{orientation}.jpg", lambda: saved(PICTURE, "JPEG", exif=exif)
    yield "trailing.jpg", lambda: saved(PICTURE, "JPEG") + b"left over" * 20
    yield "trailing-jpeg.jpg", lambda: saved(PICTURE, "JPEG") + saved(BIG, "JPEG")
    yield "comment.jpg", lambda: saved(PICTURE, "JPEG", comment=b"hello")
    yield "icc.jpg", lambda: saved(PICTURE, "JPEG", icc_profile=b"profile" * 20000)
    yield "mpo.jpg", lambda: saved(BIG, "MPO", save_all=True, append_images=[BIG.rotate(180)])
    yield "no-end.jpg", lambda: saved(PICTURE, "JPEG")[:-2]
    yield "cut.jpg", lambda: saved(BIG, "JPEG")[:-300]
    yield "cut-header.jpg", lambda: saved(BIG, "JPEG")[:100]
    yield "fill-bytes.jpg", lambda: saved(PICTURE, "JPEG").replace(b"\xff\xdb", b"\xff\xff\xff\xdb", 1)
    yield "no-jfif.jpg", lambda: (lambda b: b[:2] + b[20:])(saved(PICTURE, "JPEG"))
    for name, options in dict(
        bits12=dict(bitspersample=12), lossless=dict(lossless=True), lossless16=dict(lossless=True),
    ).items():  # fmt: skip
        def make():
            data = LARGE.astype(np.uint16) * (16 if name == "bits12" else 257) if name != "lossless" else LARGE
            return imagecodecs.jpeg8_encode(data, **options)

        yield f"{name}.jpg", make
    yield "adobe-rgb.jpg", lambda: imagecodecs.jpeg8_encode(LARGE, colorspace="RGB", outcolorspace="RGB")
    yield "ycck.jpg", lambda: imagecodecs.jpeg8_encode(np.dstack([LARGE, LARGE[..., 0]]), colorspace="CMYK", outcolorspace="YCCK")
    yield "cmyk-codecs.jpg", lambda: imagecodecs.jpeg8_encode(np.dstack([LARGE, LARGE[..., 0]]), colorspace="CMYK", outcolorspace="CMYK")
    ink = np.dstack([LARGE, LARGE[::-1, :, 0]])
    for space in ("CMYK", "YCCK"):
        for sampling in ((1, 1), (2, 1), (2, 2), (4, 1)):
            for quality in (40, 90):
                yield (
                    f"{space.lower()}-{sampling[0]}{sampling[1]}-{quality}.jpg",
                    lambda: imagecodecs.jpeg8_encode(ink, quality, colorspace="CMYK", outcolorspace=space, subsampling=sampling),
                )
    for name, options in dict(progressive=dict(progressive=True), optimize=dict(optimize=True), restarts=dict(restart_marker_blocks=2),
                              rows=dict(restart_marker_rows=1, quality=95)).items():  # fmt: skip
        yield f"cmyk-{name}.jpg", lambda: saved(BIG.convert("CMYK"), "JPEG", **options)
    yield "cmyk-cut.jpg", lambda: saved(BIG.convert("CMYK"), "JPEG")[:-300]
    yield "cmyk-no-end.jpg", lambda: saved(BIG.convert("CMYK"), "JPEG")[:-2]
    yield "two-bands.jpg", lambda: imagecodecs.jpeg8_encode(np.ascontiguousarray(LARGE[..., :2]))
    yield "arithmetic.jpg", lambda: arithmetic(saved(BIG, "JPEG"))
    yield "jpegls.jpg", lambda: imagecodecs.jpegls_encode(LARGE)
    yield "tiny.jpg", lambda: saved(PICTURE.resize((1, 1)), "JPEG")
    yield "no-height.jpg", lambda: (lambda b: (lambda i: b[: i + 5] + b"\0\0" + b[i + 7 :])(b.index(b"\xff\xc0")))(saved(PICTURE, "JPEG"))
    noise = Image.fromarray(rng.integers(0, 256, (200, 300, 3), dtype=np.uint8))
    yield "noise.jpg", lambda: saved(noise, "JPEG", quality=95)
    yield "flat.jpg", lambda: saved(Image.new("RGB", (2000, 1500), (9, 90, 200)), "JPEG", quality=20, optimize=True)
    yield "flat-progressive.jpg", lambda: saved(Image.new("RGB", (2000, 1500)), "JPEG", quality=20, progressive=True)


def arithmetic(data):
    import shutil
    import subprocess

    if not shutil.which("jpegtran"):
        raise ValueError("no jpegtran")
    return subprocess.run(["jpegtran", "-arithmetic"], input=data, capture_output=True, check=True).stdout


# ---------------------------------------------------------------- WebP


def riff(*chunks):
    body = b"WEBP" + b"".join(kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def riff_chunks(data):
    at = 12
    while at + 8 <= len(data):
        length = struct.unpack_from("<I", data, at + 4)[0]
        yield data[at : at + 4], data[at + 8 : at + 8 + length]
        at += 8 + length + (length & 1)


def vp8x(flags, width, height):
    return b"VP8X", bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def anmf(still, left, top, width, height, flags=0):
    """A still WebP as a frame; left and top are even."""
    parts = [(kind, data) for kind, data in riff_chunks(still) if kind in (b"ALPH", b"VP8 ", b"VP8L")]
    header = b"".join(n.to_bytes(3, "little") for n in (left // 2, top // 2, width - 1, height - 1, 100)) + bytes([flags])
    return b"ANMF", header + riff(*parts)[12:]


def webps():
    noise = np.random.default_rng(5)
    modes = dict(rgb=PICTURE, rgba=RGBA, grey=GREY, palette=PALETTE, la=GREY_ALPHA, big=BIG)
    for mode, picture in modes.items():
        for quality in (1, 40, 75, 100):
            yield f"lossy-{mode}-{quality}.webp", lambda: saved(picture, "WEBP", quality=quality)
        for name, options in dict(lossless=dict(), exact=dict(exact=True), near=dict(quality=30, method=6)).items():
            yield f"{name}-{mode}.webp", lambda: saved(picture, "WEBP", lossless=True, **options)
    for quality in (0, 20, 90):
        yield f"alpha-{quality}.webp", lambda: saved(RGBA, "WEBP", quality=60, alpha_quality=quality)
    yield "sharp-yuv.webp", lambda: saved(BIG, "WEBP", use_sharp_yuv=True)
    for width, height in ((1, 1), (1, 40), (40, 1), (2, 3), (16, 16), (17, 33)):
        part = Image.fromarray(noise.integers(0, 256, (height, width, 3), dtype=np.uint8))
        for lossless in (False, True):
            yield f"noise-{width}x{height}-{'lossless' if lossless else 'lossy'}.webp", lambda: saved(part, "WEBP", lossless=lossless)
    for orientation in (1, 3, 6, 8):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield f"exif-{orientation}.webp", lambda: saved(PICTURE, "WEBP", exif=exif)
    yield "icc.webp", lambda: saved(PICTURE, "WEBP", icc_profile=b"profile" * 300, xmp=b"<x/>")
    frames = [PICTURE, RGBA, PICTURE.rotate(180), RGBA.rotate(90).resize(PICTURE.size)]
    for name, options in dict(lossless=dict(lossless=True), lossy=dict(quality=60), mixed=dict(allow_mixed=True),
                              background=dict(background=(255, 0, 0, 128)), small=dict(minimize_size=True)).items():  # fmt: skip
        yield f"animated-{name}.webp", lambda: saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], **options)
        yield f"animated-alpha-{name}.webp", lambda: saved(frames[1], "WEBP", save_all=True, append_images=frames[:1], **options)
    width, height = PICTURE.size
    for name, picture, options in (("lossy", PICTURE, dict(quality=70)), ("alpha", RGBA, dict(quality=70)), ("lossless", RGBA, dict(lossless=True))):
        still = saved(picture, "WEBP", **options)
        start = [vp8x(0x12, 40, 50), (b"ANIM", b"\x40\x50\x60\xff\0\0")]
        for flags in (0, 1, 2, 3):
            yield f"offset-{name}-{flags}.webp", lambda: riff(*start, anmf(still, 8, 6, width, height, flags), anmf(still, 0, 0, width, height))
        yield f"outside-{name}.webp", lambda: riff(*start, anmf(still, 30, 6, width, height))
        yield f"other-size-{name}.webp", lambda: riff(*start, anmf(still, 0, 0, width - 2, height))
        yield f"canvas-{name}.webp", lambda: riff(vp8x(0x10, 60, 60), *riff_chunks(still))
        yield f"no-frame-{name}.webp", lambda: riff(*start)
        yield f"still-as-animation-{name}.webp", lambda: riff(vp8x(0x12, width, height), *[c for c in riff_chunks(still) if c[0] != b"VP8X"])
        yield f"frames-without-flag-{name}.webp", lambda: riff(vp8x(0x10, 40, 50), *start[1:], anmf(still, 8, 6, width, height))
        yield f"unknown-chunk-{name}.webp", lambda: riff(vp8x(0x10, width, height), (b"ODD ", b"xyz"), *[c for c in riff_chunks(still) if c[0] != b"VP8X"], (b"TAIL", b"z"))
        yield f"trailing-{name}.webp", lambda: still + b"left over" * 9
        yield f"trailing-webp-{name}.webp", lambda: still + saved(BIG, "WEBP")
        for cut in (1, 2, 10, len(still) // 2, len(still) - 30, len(still) - 16):
            yield f"cut-{name}-{cut}.webp", lambda: still[:-cut]
        yield f"cut-inside-{name}.webp", lambda: (lambda b: b[:4] + struct.pack("<I", len(b) - 8) + b[8:])(still[: len(still) // 2])
        yield f"size-too-large-{name}.webp", lambda: still[:4] + struct.pack("<I", len(still) + 100) + still[8:]
        yield f"size-odd-{name}.webp", lambda: still[:4] + struct.pack("<I", len(still) - 9) + still[8:]
        yield f"size-zero-{name}.webp", lambda: still[:4] + struct.pack("<I", 0) + still[8:]
    yield "alpha-flag-alone.webp", lambda: riff(vp8x(0x10, width, height), *list(riff_chunks(saved(PICTURE, "WEBP"))))
    yield "no-flags-alpha.webp", lambda: riff(vp8x(0, width, height), *[c for c in riff_chunks(saved(RGBA, "WEBP")) if c[0] != b"VP8X"])
    yield "flat.webp", lambda: saved(Image.new("RGB", (2000, 1500), (9, 90, 200)), "WEBP", lossless=True)


# ---------------------------------------------------------------- PNM


def pnms():
    noise = np.random.default_rng(6)
    yield "pil-bits.pbm", lambda: saved(BLACK, "PPM")
    yield "pil-grey.pgm", lambda: saved(GREY, "PPM")
    yield "pil-rgb.ppm", lambda: saved(PICTURE, "PPM")
    yield "pil-rgba.ppm", lambda: saved(RGBA, "PPM")
    yield "pil-16.pgm", lambda: saved(Image.fromarray(noise.integers(0, 65536, (5, 7)).astype(np.uint16)), "PPM")
    yield "pil-float.pfm", lambda: saved(GREY.convert("F"), "PPM")
    for most in (1, 2, 3, 7, 15, 31, 63, 100, 127, 200, 254, 255, 256, 1000, 1023, 4095, 32768, 65534, 65535):
        values = noise.integers(0, most + 1, (6, 11, 3))
        values.flat[:2] = 0, most
        kind = ">u2" if most > 255 else "u1"
        header = f"11 6\n{most}\n".encode()
        grey = values[..., 0]
        yield f"p6-{most}.ppm", lambda: b"P6\n" + header + values.astype(kind).tobytes()
        yield f"p5-{most}.pgm", lambda: b"P5\n" + header + grey.astype(kind).tobytes()
        yield f"p3-{most}.ppm", lambda: b"P3\n" + header + " ".join(map(str, values.flat)).encode() + b"\n"
        yield f"p2-{most}.pgm", lambda: b"P2\n" + header + "\n".join(map(str, grey.flat)).encode()
    yield "above-largest.ppm", lambda: b"P6 2 1 100\n" + bytes([0, 50, 100, 101, 200, 255])
    yield "above-largest-16.ppm", lambda: b"P6 2 1 1000\n" + struct.pack(">6H", 0, 500, 1000, 1001, 2000, 65535)
    yield "above-largest-plain.ppm", lambda: b"P3 2 1 100\n0 50 100 101 0 0"
    bits = noise.integers(0, 2, (5, 13))
    yield "p4.pbm", lambda: b"P4\n13 5\n" + np.packbits(bits, axis=1).tobytes()
    yield "p4-whole.pbm", lambda: b"P4 8 2 " + b"\xa5\x0f"
    yield "p1.pbm", lambda: b"P1\n13 5\n" + b"\n".join(b" ".join(b"01"[v : v + 1] for v in row) for row in bits)
    yield "p1-tight.pbm", lambda: b"P1\n13 5\n" + b"".join(b"01"[v : v + 1] for v in bits.flat)
    yield "p1-digit-2.pbm", lambda: b"P1\n2 2\n0 1 2 1"
    yield "p1-comments.pbm", lambda: b"P1\n# by hand\n2 #wide\n2\n0 1 # first\n1#x\n0"
    rgb = bytes(range(12))
    for name, header in {
        "comment": b"P6\n# a comment\n2 2\n255\n", "comment-first": b"P6 # x\n2 2 255\n", "comments": b"P6\n#a\n#b\r2#c\n #d\n2\n#e\n255\n",
        "comment-in-number": b"P6\n2 2\n2#x\n55\n", "comment-after-largest": b"P6\n2 2\n255#x\n\n", "no-blank": b"P6#x\n2 2 255\n",
        "crlf": b"P6\r\n2 2\r\n255\n", "crlf-all": b"P6\r\n2 2\r\n255\r\n", "tabs": b"P6\t2\t2\t255\t", "form-feed": b"P6\x0c2\x0b2\x0c255\x0b",
        "one-line": b"P6 2 2 255 ", "many-blanks": b"P6   \n\n 2 \n\t 2\n\n255\n", "zeros": b"P6 002 02 0255\n", "long-number": b"P6 00000000002 2 255\n",
        "plus": b"P6 +2 2 255\n", "minus": b"P6 -2 2 255\n", "underscore": b"P6 2 2 2_55\n", "hex": b"P6 0x2 2 255\n", "zero-size": b"P6 0 2 255\n",
        "largest-0": b"P6 2 2 0\n", "largest-65536": b"P6 2 2 65536\n", "p7": b"P7 2 2 255\n", "huge": b"P6 99999 99999 255\n",
    }.items():  # fmt: skip
        yield f"{name}.ppm", lambda: header + rgb
    yield "pam.pam", lambda: b"P7\nWIDTH 2\nHEIGHT 2\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n" + rgb
    yield "two-images.ppm", lambda: saved(PICTURE, "PPM") + saved(BIG, "PPM")
    for cut in (1, 20):
        yield f"cut-{cut}.ppm", lambda: saved(PICTURE, "PPM")[:-cut]
        yield f"cut-{cut}.pbm", lambda: saved(BLACK, "PPM")[:-cut]
        yield f"cut-{cut}-31.ppm", lambda: (b"P6 11 6 31\n" + bytes(198))[:-cut]
        yield f"cut-{cut}-plain.ppm", lambda: b"P3 2 1 9 " + b"1 2 3 4 5 6"[:-cut]
    for name in ("P6", "P6\n", "P6\n2", "P6 2 2", "P6 2 2 255"):
        yield f"short-{len(name)}.ppm", lambda: name.encode()
    for name, text in {
        "spread": b"1\t2\n\n3 4\r\n5  6", "comment": b"1 2 # three\n3 4 5 6", "joined-by-comment": b"1 2 3 4 5#x\n 6", "letters": b"1 2 3 four 5 6",
        "negative": b"1 2 3 -4 5 6", "fraction": b"1 2 3 4.5 5 6", "long": b"1 2 3 00000000004 5 6", "more": b"1 2 3 4 5 6 7 8", "plus": b"1 2 3 +4 5 6",
        "rubbish-behind": b"1 2 3 4 5 6 end",
    }.items():  # fmt: skip
        yield f"plain-{name}.ppm", lambda: b"P3\n2 1\n9\n" + text


# ---------------------------------------------------------------- all


def kinds():
    for family, make in dict(tiff=tiffs, bmp=bmps, gif=gifs, png=pngs, jpeg=jpegs, webp=webps, pnm=pnms).items():
        for name, build in make():
            try:
                yield f"{family}-{name}", build()
            except Exception as error:
                print("not made:", f"{family}-{name}", str(error)[:80], file=sys.stderr)


def pillow(data):
    try:
        image = Image.open(io.BytesIO(data), formats=["TIFF", "BMP", "GIF", "PNG", "JPEG", "WEBP", "PPM"]).convert("RGB")
    except Exception as error:
        return dict(error=f"{type(error).__name__}: {error}"[:100]), b""
    pixels = image.tobytes()
    return dict(width=image.width, height=image.height, sha=hashlib.sha256(pixels).hexdigest()), pixels


def main():
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
        folder.mkdir(parents=True, exist_ok=True)
        expected = {}
        for name, data in kinds():
            expected[name], pixels = pillow(data)
            (folder / name).write_bytes(data)
            if pixels:
                (folder / f"{name}.rgb").write_bytes(pixels)
        lines = [f"{json.dumps(name)}: {json.dumps(what)}" for name, what in sorted(expected.items())]
        (folder / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
        return print(len(expected), "files in", folder)
    here = Path(__file__).resolve()
    chosen = dict(line.split("\t") for line in here.with_suffix(".txt").read_text().splitlines())
    made = {}
    for name, data in kinds():
        if name in chosen:
            made[name] = dict(ours=chosen[name], pillow=pillow(data)[0], bytes=base64.b64encode(data).decode())
    out = here.parent.parent / "fixtures" / "images" / "kinds.json.gz"
    out.write_bytes(gzip.compress(json.dumps(made, sort_keys=True).encode(), 9, mtime=0))
    print(len(made), "of", len(chosen), "files in", out.stat().st_size, "bytes")


main()
