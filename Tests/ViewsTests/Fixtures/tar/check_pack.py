"""Reads shards that `ShardWriter` wrote back with Python's tarfile and, where it is installed, webdataset.

    python3 check_pack.py shards/*.tar
"""

import collections
import sys
import tarfile

paths = sys.argv[1:]
labels = collections.Counter()
keys = set()
for path in paths:
    with tarfile.open(path) as tar:
        for info in tar:
            assert info.isreg() and not info.name.startswith("/") and ".." not in info.name.split("/"), info.name
            key, ending = info.name.rsplit(".", 1)
            if ending == "cls":
                labels[int(tar.extractfile(info).read())] += 1
            elif ending in ("jpg", "png", "ppm"):
                assert key not in keys, key
                keys.add(key)
                start = tar.extractfile(info).read(4)
                assert start[:2] in (b"\xff\xd8", b"\x89P", b"P6", b"P5"), start
print(f"tarfile: {len(keys)} images, labels {dict(sorted(labels.items()))}")
try:
    import webdataset
except ImportError:
    sys.exit("webdataset is not installed, not checked")
data = webdataset.WebDataset(paths, shardshuffle=False).decode("pil").to_tuple("jpg;png;ppm", "cls", "__key__")
seen = collections.Counter()
for image, label, key in data:
    image.load()
    assert key in keys
    seen[label] += 1
assert seen == labels, seen
print(f"webdataset: {sum(seen.values())} images")
