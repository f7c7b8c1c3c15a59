"""Writes the tar fixtures and what is in them, as Python's tarfile and GNU tar see it. Needs Python 3.11 and GNU tar.

    python3 generate.py
"""

import io
import json
import os
import subprocess
import tarfile
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
LONG = "folder-" + "a" * 60 + "/" + "b" * 70 + "/image.jpg"
LONGER = "/".join("c" * 50 for _ in range(6)) + "/image.png"


def member(name, data, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.type = kind
    info.linkname = link
    return info, data


def members(longest):
    names = ["0001.jpg", "folder/0002.v1.jpeg", "caf\u00e9/\u00fc.PNG", "bad\udcff\udce9.jpg", LONG]
    if longest:
        names.append(LONGER)
    result = [member("folder", b"", tarfile.DIRTYPE)]
    for number, name in enumerate(names):
        stem = name[: name.index(".", name.rindex("/") + 1 if "/" in name else 0)]
        result.append(member(name, bytes([number]) * (number * 300 + 1)))
        if number != 3:
            result.append(member(stem + ".cls", str(number).encode()))
        result.append(member(stem + ".txt", f"text {number}".encode()))
    result.append(member("link.jpg", b"", tarfile.SYMTYPE, "/etc/passwd"))
    result.append(member("hard.jpg", b"", tarfile.LNKTYPE, "0001.jpg"))
    result.append(member("../../escape.jpg", b"x" * 512))
    result.append(member("../../escape.json", json.dumps({"label": 2, "caption": "none"}).encode()))
    return result


def write(name, form, longest):
    path = os.path.join(FOLDER, name)
    with tarfile.open(path, "w", format=form, encoding="utf-8", errors="surrogateescape") as tar:
        for info, data in members(longest):
            tar.addfile(info, io.BytesIO(data))
    return describe(path)


def describe(path):
    found = []
    with tarfile.open(path, encoding="utf-8", errors="surrogateescape") as tar:
        for info in tar:
            found.append({
                "name": info.name.encode("utf-8", "surrogateescape").hex(), "offset": info.offset_data,
                "size": info.size, "file": info.isreg() and not info.issparse(),
            })
    return found


def sparse(name):
    with tempfile.TemporaryDirectory() as folder:
        for image in ["0001.jpg", "0003.jpg"]:
            with open(os.path.join(folder, image), "wb") as file:
                file.write(image.encode())
        # More pieces than the four that a header has room for.
        with open(os.path.join(folder, "0002.jpg"), "wb") as file:
            for piece in range(7):
                file.seek(piece * 1 << 17)
                file.write(b"piece")
        path = os.path.join(FOLDER, name)
        subprocess.run(
            ["tar", "--format=oldgnu", "--sparse", "--owner=0", "--group=0", "--mtime=@0", "-C", folder, "-cf", path,
             "0001.jpg", "0002.jpg", "0003.jpg"], check=True)
    return describe(path)


expected = {
    "ustar": write("ustar.tar", tarfile.USTAR_FORMAT, False),
    "gnu": write("gnu.tar", tarfile.GNU_FORMAT, True),
    "pax": write("pax.tar", tarfile.PAX_FORMAT, True),
    "sparse": sparse("sparse.tar"),
}
with open(os.path.join(FOLDER, "expected.json"), "w") as file:
    json.dump(expected, file, indent=1)
    file.write("\n")
