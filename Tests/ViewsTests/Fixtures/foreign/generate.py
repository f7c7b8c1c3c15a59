"""Writes a small picture in every format that Pillow writes and Views does not read (Pillow 13.0 made the files here).

    python generate.py
"""

from pathlib import Path

from PIL import Image

FORMATS = {
    "blp": ("P", {}), "dds": ("RGB", {}), "eps": ("RGB", {}), "ico": ("RGB", {}), "im": ("RGB", {}),
    "jp2": ("RGB", {}), "j2k": ("RGB", {}), "msp": ("1", {}), "pcx": ("RGB", {}), "pdf": ("RGB", {}), "qoi": ("RGB", {}),
    "sgi": ("RGB", {}), "spider": ("F", dict(format="SPIDER")), "tga": ("RGB", {}), "rle.tga": ("RGB", dict(compression="tga_rle")),
    "palette.tga": ("P", {}), "xbm": ("1", {})
}

if __name__ == "__main__":
    picture = Image.linear_gradient("L").resize((16, 12)).convert("RGB")
    for ending, (mode, options) in FORMATS.items():
        picture.convert(mode).save(Path(__file__).with_name(f"picture.{ending}"), **options)
