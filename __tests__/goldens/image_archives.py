"""Archives of small images as Python's zipfile and tarfile write them, into fixtures/datasets/images/.

    python __tests__/goldens/image_archives.py      # needs Pillow

Every one holds the same four images in two folders, `cat` and `dog`, and what systems put beside them.
"""

import io
import struct
import tarfile
import zipfile
from pathlib import Path

from PIL import Image

out = Path(__file__).resolve().parent.parent / "fixtures" / "datasets" / "images"
out.mkdir(parents=True, exist_ok=True)


def png(color):
    file = io.BytesIO()
    Image.new("RGB", (4, 3), color).save(file, "PNG")
    return file.getvalue()


FILES = {
    "dog/2.png": png((0, 0, 255)),
    "cat/1.png": png((255, 0, 0)),
    "cat/deep/3.png": png((0, 255, 0)),
    "dog/é.png": png((9, 9, 9)),
}
BESIDE = {"__MACOSX/cat/._1.png": b"fork", "cat/.DS_Store": b"x", "cat/._1.png": b"fork", "README.txt": b"read me", "dog/Thumbs.db": b"x"}


def zipped(name, files, method=zipfile.ZIP_DEFLATED, before=b"", **options):
    file = io.BytesIO(before)
    file.seek(len(before))
    with zipfile.ZipFile(file, "a" if before else "w", method) as archive:
        for path, data in files:
            with archive.open(zipfile.ZipInfo(path) if "force" in options else path, "w", force_zip64="force" in options) as entry:
                entry.write(data)
    (out / name).write_bytes(file.getvalue())


def tarred(name, files, mode="w", format=tarfile.PAX_FORMAT, links=()):
    with tarfile.open(out / name, mode, format=format) as archive:
        for path, data in files:
            info = tarfile.TarInfo(path)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for path, target, kind in links:
            info = tarfile.TarInfo(path)
            info.type, info.linkname = kind, target
            archive.addfile(info)


plain = list(FILES.items()) + list(BESIDE.items())
wrapped = [(f"my photos/{path}", data) for path, data in plain if not path.startswith("__")] + [("__MACOSX/my photos/._cat", b"fork")]
zipped("deflated.zip", plain)
zipped("stored.zip", plain, zipfile.ZIP_STORED)
zipped("wrapped.zip", wrapped)
zipped("zip64.zip", plain, force=True)
zipped("behind-a-program.zip", plain, before=b"#!/bin/sh\nexit\n" * 20)
zipped("bzip2.zip", plain, zipfile.ZIP_BZIP2)
zipped("again.zip", [("cat/1.png", b"old"), *plain])
zipped("paths.zip", [("../" + path, data) for path, data in FILES.items()])
zipped("empty.zip", [])
zipped("none.zip", list(BESIDE.items()))
data = (out / "deflated.zip").read_bytes()
locked = bytearray(data)
for at in range(len(locked) - 4):
    if locked[at : at + 4] == b"PK\x03\x04":
        locked[at + 6] |= 1
    if locked[at : at + 4] == b"PK\x01\x02":
        locked[at + 8] |= 1
(out / "encrypted.zip").write_bytes(locked)
damaged = bytearray(data)
damaged[data.index(b"dog/2.png") + 20] ^= 0xFF
(out / "damaged.zip").write_bytes(damaged)
(out / "cut.zip").write_bytes(data[:-60])
at = data.index(b"PK\x01\x02")
(out / "bomb.zip").write_bytes(data[: at + 24] + struct.pack("<I", 0xF0000000) + data[at + 28 :])
latin = io.BytesIO()
with zipfile.ZipFile(latin, "w") as archive:
    archive.writestr("dog/?.png", FILES["dog/é.png"])
    archive.writestr("dog/!.png", FILES["dog/2.png"])
(out / "old-names.zip").write_bytes(latin.getvalue().replace(b"dog/?", b"dog/\x82").replace(b"dog/!", b"dog/\x8a"))
(out / "backslashes.zip").write_bytes((lambda b: [b := b.replace(p.encode(), p.replace("/", "\\").encode()) for p in FILES if p.isascii()][-1])(data))

tarred("plain.tar", plain)
tarred("gnu.tar", plain, format=tarfile.GNU_FORMAT)
tarred("wrapped.tar.gz", wrapped, "w:gz")
tarred("paths.tar", [("../" + path, data) for path, data in FILES.items()])
tarred("absolute.tar", [("/home/me/" + path, data) for path, data in FILES.items()])
tarred("again.tar", [("cat/1.png", b"old"), *plain])
links = [("dog/4.png", "cat/1.png", tarfile.LNKTYPE), ("dog/5.png", "../cat/1.png", tarfile.SYMTYPE), ("dog/6.png", "5.png", tarfile.SYMTYPE),
         ("dog/7.png", "gone.png", tarfile.SYMTYPE), ("dog/8.png", "8.png", tarfile.SYMTYPE)]  # fmt: skip
tarred("links.tar", plain, links=links)
tarred("links.tgz", plain, "w:gz", links=links)
tarred("plain.tar.xz", plain, "w:xz")
(out / "cut.tar").write_bytes((out / "plain.tar").read_bytes()[:3000])
(out / "cut.tar.gz").write_bytes((out / "wrapped.tar.gz").read_bytes()[:-200])
print(sum(1 for _ in out.iterdir()), "files")
