"""Makes the files of this folder, and pixels.bin with what Pillow reads from each, in the order of index.json.

    python generate.py        (Pillow 13.0.0, pillow-heif 1.8.1, tifffile 2026.3.3, imagecodecs 2026.3.6, numpy)

Transparent pixels lie on white. 16 bits keep the high byte; floats and 32-bit integers are stretched over the picture's own
range, as views.depth: high_byte has it. Entries with another `depth` are what that depth makes of the same file.
"""

import io
import json
import struct
import sys
from pathlib import Path

import numpy as np
import pillow_heif
import tifffile
from PIL import Image, ImageCms, ImageOps

HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT = 29, 19
entries, blob = [], bytearray()


def planes(channels, width=WIDTH, height=HEIGHT, largest=255):
    y, x = np.mgrid[0:height, 0:width]
    parts = [x * largest // (width - 1), y * largest // (height - 1), (x * y * 7 + 3 * x) % (largest + 1),
             (x * 11 + y * 5) % (largest + 1)]
    return np.stack(parts[:channels], axis=-1)


def picture(mode="RGB", width=WIDTH, height=HEIGHT):
    channels = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}[mode]
    pixels = planes(4, width, height).astype(np.uint8)
    if mode == "L":
        return Image.fromarray(pixels[..., 2])
    if mode == "LA":
        return Image.merge("LA", [Image.fromarray(pixels[..., 2]), Image.fromarray(pixels[..., 3])])
    return Image.fromarray(pixels[..., :channels], mode) if mode != "RGB" else Image.fromarray(pixels[..., :3])


def palette(colours=200):
    return picture().quantize(colours, dither=Image.Dither.NONE)


def stretched(values, low=None, high=None):
    values = values.astype(np.float64)
    low = np.nanmin(values) if low is None else low
    high = np.nanmax(values) if high is None else high
    return np.clip(np.rint(np.nan_to_num((values - low) * (255 / (high - low)))), 0, 255).astype(np.uint8)


def rgb(image):
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.array(image) >> 8).astype(np.uint8))
    elif image.mode in ("I", "F"):
        image = Image.fromarray(stretched(np.array(image)))
    if image.mode in ("RGBA", "LA", "PA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.array(image.convert("RGB"))


def add(name, pixels=None, tolerance=0, depth=None, page=0, alpha=False, orientation=1, more=False, color="stored"):
    if pixels is None:
        image = Image.open(HERE / name)
        image.seek(page)
        pixels = rgb(image)
    if pixels.ndim == 2:
        pixels = np.stack([pixels] * 3, axis=-1)
    entries.append(dict(name=name, width=pixels.shape[1], height=pixels.shape[0], tolerance=tolerance, depth=depth, page=page,
                        alpha=alpha, orientation=orientation, more=more, color=color))
    blob.extend(np.ascontiguousarray(pixels, dtype=np.uint8).tobytes())


def netpbm():
    bits = (planes(1)[..., 0] // 16 % 2).astype(np.uint8)
    gray, colour = planes(1), planes(3)
    deep = planes(3, largest=65535)
    text = lambda values: "\n".join(" ".join(map(str, row.ravel())) for row in values).encode() + b"\n"
    packed = np.packbits(bits, axis=1).tobytes()
    size = b"%d %d\n" % (WIDTH, HEIGHT)
    files = {
        "text.pbm": b"P1\n# a comment\n" + size + b"\n".join(bytes(48 + row) for row in bits) + b"\n",
        "text.pgm": b"P2 " + size + b"255\n" + text(gray),
        "text-17.pgm": b"P2 " + size + b"17\n" + text(gray * 17 // 255),
        "text.ppm": b"P3\n" + size + b"255\n# here too\n" + text(colour),
        "text-1000.ppm": b"P3\n" + size + b"1000 " + text(colour * 1000 // 255),
        "binary.pbm": b"P4\n" + size + packed,
        "binary.pgm": b"P5\n" + size + b"255\n" + gray.astype(np.uint8).tobytes(),
        "binary-100.pgm": b"P5\n" + size + b"100\n" + (gray * 100 // 255).astype(np.uint8).tobytes(),
        "binary.ppm": b"P6\n" + size + b"255\n" + colour.astype(np.uint8).tobytes(),
        "binary-31.ppm": b"P6\n" + size + b"31\n" + (colour * 31 // 255).astype(np.uint8).tobytes(),
        "binary-16.ppm": b"P6\n" + size + b"65535\n" + deep.astype(">u2").tobytes(),
        "binary-12.ppm": b"P6\n" + size + b"4095\n" + (deep >> 4).astype(">u2").tobytes(),
    }
    for name, data in files.items():
        (HERE / name).write_bytes(data)
        add(name)
    # Pillow gives gray of 16 bits as 32-bit integers, and reads no PAM.
    value = deep[..., 2].astype(np.uint16)
    (HERE / "binary-16.pgm").write_bytes(b"P5\n" + size + b"65535\n" + value.astype(">u2").tobytes())
    add("binary-16.pgm", np.array([[round(int(v) / 65535 * 255) for v in row] for row in value]))
    add("binary-16.pgm", stretched(value), depth="stretch")
    add("binary-16.pgm", stretched(value, 1000, 30000), depth=[1000, 30000])
    for name, mode, kind in [("gray.pam", "L", "GRAYSCALE"), ("gray-alpha.pam", "LA", "GRAYSCALE_ALPHA"),
                             ("rgb.pam", "RGB", "RGB"), ("rgb-alpha.pam", "RGBA", "RGB_ALPHA")]:
        image = picture(mode)
        header = f"P7\nWIDTH {WIDTH}\nHEIGHT {HEIGHT}\nDEPTH {len(image.getbands())}\nMAXVAL 255\nTUPLTYPE {kind}\nENDHDR\n"
        (HERE / name).write_bytes(header.encode() + image.tobytes())
        add(name, rgb(image), alpha=mode.endswith("A"))


def bmp(bits, rows, compression=0, colours=None, masks=b"", top_down=False, header=40):
    """A BMP file of rows that are stored as they are."""
    table = b"" if colours is None else b"".join(bytes([b, g, r]) + (b"" if header == 12 else b"\0") for r, g, b in colours)
    if header == 12:
        info = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, WIDTH, -HEIGHT if top_down else HEIGHT, 1, bits, compression, len(rows), 0, 0,
                           0 if colours is None else len(colours), 0)
        info += masks if header > 40 else b""
        info += b"\0" * (header - len(info))
        table = (masks if header == 40 else b"") + table
    offset = 14 + len(info) + len(table)
    return b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset) + info + table + rows


def padded(rows):
    return b"".join(row + b"\0" * (-len(row) % 4) for row in rows)


def runs(indices, half):
    """Rows from the lowest: runs, and literal stretches where neighbours differ."""
    out = bytearray()
    for row in indices[::-1]:
        x = 0
        while x < len(row):
            run = 1
            while x + run < len(row) and row[x + run] == row[x] and run < 255:
                run += 1
            if run >= 3 or len(row) - x < 3:
                out += bytes([run, row[x] * 17 if half else row[x]])
                x += run
                continue
            end = x
            while end < len(row) and end - x < 250 and not (end + 2 < len(row) and row[end] == row[end + 1] == row[end + 2]):
                end += 1
            end = max(end, x + 3)
            part = list(row[x:end])
            stored = part if not half else [a << 4 | b for a, b in zip(part[::2], part[1::2] + [0])]
            out += bytes([0, len(part)]) + bytes(stored) + b"\0" * (len(stored) % 2)
            x = end
        out += b"\0\0"
    return bytes(out) + b"\0\1"


def bitmaps():
    image = planes(4).astype(np.uint8)
    order = slice(None, None, -1)
    bgr = image[..., 2::-1]
    p4, p8 = palette(16), palette(200)
    i4, i8 = np.array(p4), np.array(p8)
    c4 = [tuple(p4.getpalette()[3 * i:3 * i + 3]) for i in range(16)]
    c8 = [tuple(p8.getpalette()[3 * i:3 * i + 3]) for i in range(200)]
    bits = (image[..., 0] // 16 % 2).astype(np.uint8)
    nibbles = [bytes(a << 4 | b for a, b in zip(row[::2], list(row[1::2]) + [0])) for row in i4[order]]
    long_runs = np.repeat(np.repeat(i8[::3, ::5], 5, axis=1), 3, axis=0)[:HEIGHT, :WIDTH]
    long_half = np.repeat(np.repeat(i4[::3, ::5], 5, axis=1), 3, axis=0)[:HEIGHT, :WIDTH]
    r, g, b, a = (image[..., i].astype(np.uint32) for i in range(4))
    words = lambda values, size: padded([row.astype(f"<u{size}").tobytes() for row in values[order]])
    mask = lambda *values: struct.pack(f"<{len(values)}I", *values)
    files = {
        "1.bmp": bmp(1, padded([np.packbits(row).tobytes() for row in bits[order]]), colours=[(200, 10, 30), (0, 90, 250)]),
        "4.bmp": bmp(4, padded(nibbles), colours=c4),
        "8.bmp": bmp(8, padded([row.tobytes() for row in i8[order]]), colours=c8),
        "8-os2.bmp": bmp(8, padded([row.tobytes() for row in i8[order]]), colours=c8 + [(0, 0, 0)] * 56, header=12),
        "8-runs.bmp": bmp(8, runs(long_runs, False), compression=1, colours=c8),
        "4-runs.bmp": bmp(4, runs(long_half, True), compression=2, colours=c4),
        "8-runs-noise.bmp": bmp(8, runs(i8, False), compression=1, colours=c8),
        "4-runs-noise.bmp": bmp(4, runs(i4, True), compression=2, colours=c4),
        "16-555.bmp": bmp(16, words(r >> 3 << 10 | g >> 3 << 5 | b >> 3, 2)),
        "16-565.bmp": bmp(16, words(r >> 3 << 11 | g >> 2 << 5 | b >> 3, 2), 3, masks=mask(0xF800, 0x7E0, 0x1F)),
        "24.bmp": bmp(24, padded([row.tobytes() for row in bgr[order]])),
        "24-top-down.bmp": bmp(24, padded([row.tobytes() for row in bgr]), top_down=True),
        "32.bmp": bmp(32, words(r << 16 | g << 8 | b, 4)),
        "32-fields.bmp": bmp(32, words(r << 24 | g << 16 | b << 8, 4), 3, masks=mask(0xFF000000, 0xFF0000, 0xFF00)),
        "32-alpha.bmp": bmp(32, words(a << 24 | r << 16 | g << 8 | b, 4), 3,
                            masks=mask(0xFF0000, 0xFF00, 0xFF, 0xFF000000), header=124),
    }
    for name, data in files.items():
        (HERE / name).write_bytes(data)
        add(name, alpha="alpha" in name)
    (HERE / "24.dib").write_bytes(files["24.bmp"][14:])
    add("24.dib")


def gifs():
    palette().save(HERE / "plain.gif", interlace=0)
    palette().save(HERE / "interlaced.gif", interlace=1)
    picture("L").save(HERE / "gray.gif", interlace=0)
    clear = palette(100)
    clear.save(HERE / "transparent.gif", transparency=7, interlace=0)
    frames = [palette(50), palette(50).transpose(Image.Transpose.ROTATE_180)]
    frames[0].save(HERE / "animation.gif", save_all=True, append_images=frames[1:], duration=40)
    # A frame within its canvas: the descriptor of another file's frame, moved.
    data = bytearray((HERE / "plain.gif").read_bytes())
    data[6:10] = struct.pack("<HH", WIDTH + 9, HEIGHT + 6)
    place = 13 + (3 * (2 << (data[10] & 7)) if data[10] & 0x80 else 0)
    while data[place] != 0x2C:
        place += 1
    data[place + 1:place + 5] = struct.pack("<HH", 4, 5)
    (HERE / "inset.gif").write_bytes(data)
    for name in ["plain", "interlaced", "gray", "transparent", "animation", "inset"]:
        add(f"{name}.gif", alpha=name == "transparent", more=name == "animation")


def tiffs():
    compressions = {"raw": "raw", "lzw": "tiff_lzw", "deflate": "tiff_adobe_deflate", "packbits": "packbits"}
    for name, compression in compressions.items():
        picture().save(HERE / f"rgb-{name}.tif", compression=compression)
        add(f"rgb-{name}.tif")
    picture().save(HERE / "rgb-jpeg.tif", compression="jpeg", quality=90)
    add("rgb-jpeg.tif", tolerance=2)
    for mode in ["L", "LA", "RGBA", "CMYK"]:
        picture(mode).save(HERE / f"{mode.lower()}.tif", compression="tiff_lzw")
        add(f"{mode.lower()}.tif", alpha=mode.endswith("A"))
    palette().save(HERE / "palette.tif", compression="tiff_lzw")
    add("palette.tif")
    bits = Image.fromarray((planes(1)[..., 0] // 16 % 2 * 255).astype(np.uint8)).convert("1")
    for compression in ["raw", "group4"]:
        bits.save(HERE / f"bits-{compression}.tif", compression=compression)
        add(f"bits-{compression}.tif")
    exif = Image.Exif()
    for orientation in range(2, 9):
        picture().save(HERE / f"orientation-{orientation}.tif", compression="tiff_lzw", tiffinfo={0x0112: orientation})
        add(f"orientation-{orientation}.tif", orientation=orientation)
    pages = [picture(), picture().transpose(Image.Transpose.ROTATE_180)]
    pages[0].save(HERE / "pages.tif", save_all=True, append_images=pages[1:], compression="tiff_lzw")
    add("pages.tif", more=True)
    add("pages.tif", page=1)

    # What Pillow does not write.
    write = lambda name, values, **options: tifffile.imwrite(HERE / name, values, metadata=None, **options)
    rgb8, rgb16 = planes(3).astype(np.uint8), planes(3, largest=65535).astype(np.uint16)
    write("tiles-lzw.tif", rgb8, tile=(16, 16), compression="lzw", predictor=True, photometric="rgb")
    write("tiles-planes.tif", np.moveaxis(rgb8, -1, 0), tile=(16, 16), planarconfig="separate", photometric="rgb",
          compression="deflate")
    write("planes.tif", np.moveaxis(rgb8, -1, 0), planarconfig="separate", photometric="rgb", rowsperstrip=5)
    write("big-endian.tif", rgb16, byteorder=">", photometric="rgb", rowsperstrip=4)
    write("bigtiff.tif", rgb8, bigtiff=True, photometric="rgb", compression="deflate")
    write("white-is-zero.tif", rgb8[..., 2], photometric="miniswhite")
    write("multiplied.tif", np.array(picture("RGBA").convert("RGBa")), photometric="rgb", extrasamples=["assocalpha"])
    for name in ["tiles-lzw", "tiles-planes", "planes", "big-endian", "bigtiff", "white-is-zero", "multiplied"]:
        add(f"{name}.tif", alpha=name == "multiplied")
    value = rgb16[..., 2]
    write("gray-16.tif", value, photometric="minisblack", compression="lzw", predictor=True)
    add("gray-16.tif")
    add("gray-16.tif", stretched(value), depth="stretch")
    add("gray-16.tif", stretched(value, 0, 4095), depth=[0, 4095])
    write("rgb-16-tiles.tif", rgb16, tile=(16, 32), photometric="rgb", compression="deflate")
    add("rgb-16-tiles.tif")
    add("rgb-16-tiles.tif", stretched(rgb16, 300, 50000), depth=[300, 50000])
    floats = planes(1).astype(np.float32)[..., 0] * 0.031 - 2
    floats[3, 4] = np.nan
    write("float-32.tif", floats, photometric="minisblack", compression="deflate", predictor=True)
    add("float-32.tif", stretched(floats))
    write("float-whole.tif", planes(3)[..., 2].astype(np.float32), photometric="minisblack")
    add("float-whole.tif", np.array(Image.open(HERE / "float-whole.tif").convert("RGB")), depth=[0, 255])
    write("float-16.tif", floats.astype(np.float16), photometric="minisblack")
    add("float-16.tif", stretched(floats.astype(np.float16)))
    write("float-64.tif", floats.astype(np.float64), photometric="minisblack", tile=(16, 16))
    add("float-64.tif", stretched(floats.astype(np.float64)))
    for kind in ["int16", "uint32", "int32"]:
        values = (planes(1)[..., 0].astype(np.int64) * 120 - (0 if kind[0] == "u" else 9000)).astype(kind)
        write(f"{kind}.tif", values, photometric="minisblack", compression="lzw")
        add(f"{kind}.tif", stretched(values))


def animations():
    frames = [picture(), picture().transpose(Image.Transpose.ROTATE_180)]
    frames[0].save(HERE / "animation.webp", save_all=True, append_images=frames[1:], lossless=True)
    add("animation.webp", alpha=True, more=True)
    frames[0].save(HERE / "animation.png", save_all=True, append_images=frames[1:])
    add("animation.png", more=True)
    frames[0].save(HERE / "two.mpo", format="MPO", save_all=True, append_images=frames[1:], quality=90)
    add("two.mpo", tolerance=2, more=True)
    deep = Image.fromarray(planes(3, largest=4095)[..., 2].astype(np.uint16))
    deep.save(HERE / "gray-12-in-16.png")
    add("gray-12-in-16.png")
    add("gray-12-in-16.png", stretched(np.array(deep)), depth="stretch")
    add("gray-12-in-16.png", stretched(np.array(deep), 0, 4095), depth=[0, 4095])


def media():
    """HEIC and AVIF; pictures whose colours change slowly, as chroma is upsampled by each library in its own way."""
    y, x = np.mgrid[0:48, 0:64]
    smooth = np.stack([60 + x * 2, 200 - y * 2, 90 + x + y], axis=-1).astype(np.uint8)
    alpha = np.dstack([smooth, (x * 4).astype(np.uint8)])
    pillow_heif.register_heif_opener()
    for ending, options in [("heic", dict(quality=90)), ("avif", dict(quality=90))]:
        Image.fromarray(smooth).save(HERE / f"plain.{ending}", **options)
        Image.fromarray(smooth).save(HERE / f"full-chroma.{ending}", subsampling="4:4:4", **options)
        Image.fromarray(alpha).save(HERE / f"alpha.{ending}", **options)
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.fromarray(smooth).save(HERE / f"turned.{ending}", exif=exif, **options)
        for name in ["plain", "full-chroma", "alpha", "turned"]:
            add(f"{name}.{ending}", tolerance=2, alpha=name == "alpha")


def profile(red, green, blue, gamma):
    """An ICC profile of primaries, by their XYZ under D50, and one power."""
    fixed = lambda values: struct.pack(f">{len(values)}i", *(round(v * 65536) for v in values))
    xyz = lambda values: b"XYZ " + bytes(4) + fixed(values)
    text = b"none"
    tags = [
        (b"desc", b"desc" + bytes(4) + struct.pack(">I", len(text) + 1) + text + bytes(79)), (b"cprt", b"text" + bytes(4) + text + b"\0"),
        (b"wtpt", xyz((0.9642, 1, 0.82491))), (b"rXYZ", xyz(red)), (b"gXYZ", xyz(green)), (b"bXYZ", xyz(blue)),
        *((name, b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))) for name in (b"rTRC", b"gTRC", b"bTRC")),
    ]
    table, data = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags:
        table += name + struct.pack(">II", start + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(data), bytes(4), 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(24) + bytes(4) + fixed((0.9642, 1, 0.82491))
    return head + bytes(128 - len(head)) + struct.pack(">I", len(tags)) + table + data


def profiles():
    """Pictures of wide-gamut colours, as stored and as Little CMS makes them sRGB."""
    wide = {
        "p3": profile((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407), 2.2),
        "adobe": profile((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457), 563 / 256),
    }
    files = [("p3", "jpg", dict(quality=92)), ("p3", "png", {}), ("adobe", "png", {}), ("adobe", "jpg", dict(quality=92)),
             ("p3", "webp", dict(lossless=True)), ("adobe", "tif", dict(compression="tiff_lzw")),
             ("p3", "heic", dict(quality=90, subsampling="4:4:4")), ("p3", "avif", dict(quality=90, subsampling="4:4:4"))]
    for name, ending, options in files:
        picture().save(HERE / f"{name}.{ending}", icc_profile=wide[name], **options)
        image = Image.open(HERE / f"{name}.{ending}")
        stored = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        tolerance = 6 if ending in ("heic", "avif") else 2 if ending == "jpg" else 1
        add(f"{name}.{ending}", tolerance=2 if ending in ("jpg", "heic", "avif") else 0)
        add(f"{name}.{ending}", np.array(ImageCms.profileToProfile(image.convert("RGB"), stored, ImageCms.createProfile("sRGB"))),
            tolerance=tolerance, color="srgb")


def main():
    for make in [netpbm, bitmaps, gifs, tiffs, animations, media, profiles]:
        make()
    (HERE / "index.json").write_text("[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]\n")
    (HERE / "pixels.bin").write_bytes(blob)
    print(len(entries), "pictures,", sum(f.stat().st_size for f in HERE.iterdir()), "bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
