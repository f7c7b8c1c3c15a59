"""Makes cases.json and pixels.bin: what torchvision's v2 functions make of uint8 tensors.

Made with torch 2.13.0, torchvision 0.28.0, numpy 2, Pillow 13 (for JPEG), on a processor with AVX2 (`python generate.py`, here).
Each case names an input picture, the settings and parameters as Diptych encodes them, and where the expected planes
[3, height, width] lie in pixels.bin. Pictures are listed first and stored the same way.
"""
import io
import json
import pathlib
import statistics
import sys
import types
from unittest import mock

import numpy as np
import PIL.Image
import torch

library = torch.library.Library("torchvision", "DEF")
library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
sys.modules["torchvision._meta_registrations"] = types.ModuleType("x")
import torchvision  # noqa: E402
from torchvision.transforms import InterpolationMode, v2  # noqa: E402
from torchvision.transforms.v2 import functional as F  # noqa: E402

here = pathlib.Path(__file__).parent
blob = bytearray()
pictures, cases = {}, []


def store(tensor):
    assert tensor.dtype == torch.uint8 and tensor.ndim == 3 and tensor.shape[0] == 3
    place = {"offset": len(blob), "width": tensor.shape[2], "height": tensor.shape[1]}
    blob.extend(tensor.contiguous().numpy().tobytes())
    return place


def picture(name, width, height, seed):
    """Waves, noise, gray and saturated patches: every branch of the colour formulas occurs."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for c in range(3):
        wave = 127 + 90 * np.sin(x * (0.11 + 0.05 * c) + c) * np.cos(y * (0.17 - 0.03 * c))
        planes.append(wave + rng.normal(0, 18, (height, width)))
    pixels = np.clip(np.stack(planes), 0, 255).astype(np.uint8)
    if width > 8 and height > 8:
        pixels[:, : height // 4, : width // 4] = pixels[:1, : height // 4, : width // 4]  # gray
        pixels[:, -height // 5 :, : width // 3] = 255 * (rng.random((3, height // 5 + (height % 5 > 0), width // 3)) > 0.5)
        pixels[:, height // 2, :] = 0
    tensor = torch.from_numpy(pixels.copy())
    pictures[name] = store(tensor)
    return tensor


def case(name, source, result, parameters, settings=None):
    cases.append(
        {"name": name, "picture": source, "settings": settings or {}, "parameters": parameters, "expected": store(result)}
    )


tensors = {
    "odd": picture("odd", 61, 47, 1),
    "prime": picture("prime", 31, 29, 2),
    "wide": picture("wide", 97, 13, 3),
    "row": picture("row", 37, 1, 4),
    "column": picture("column", 1, 19, 5),
    "dot": picture("dot", 1, 1, 6),
    "even": picture("even", 64, 48, 7),
    "dark": picture("dark", 61, 47, 8) // 3 + 40,
}
pictures["dark"] = store(tensors["dark"])
photograph = picture("photograph", 250, 188, 9)
tensors["photograph"] = photograph

# Resized crops: up, down, both, whole, one row, one pixel.
crops = [
    ("odd", (0, 0, 61, 47), (32, 32)),
    ("odd", (5, 3, 40, 29), (32, 32)),
    ("odd", (17, 11, 13, 19), (32, 32)),
    ("odd", (60, 46, 1, 1), (16, 16)),
    ("odd", (10, 7, 32, 32), (32, 32)),
    ("odd", (10, 7, 32, 21), (32, 32)),
    ("odd", (3, 30, 55, 17), (23, 17)),
    ("prime", (1, 2, 29, 23), (7, 5)),
    ("wide", (0, 0, 97, 13), (20, 20)),
    ("row", (0, 0, 37, 1), (16, 16)),
    ("column", (0, 0, 1, 19), (16, 16)),
    ("dot", (0, 0, 1, 1), (8, 8)),
    ("photograph", (3, 5, 240, 180), (16, 16)),
    ("photograph", (21, 9, 201, 163), (224, 224)),
]
modes = {"bilinear": InterpolationMode.BILINEAR, "bicubic": InterpolationMode.BICUBIC}
for source, (x, y, w, h), (tw, th) in crops:
    for mode in modes:
        if tw == 224 and mode == "bicubic":
            continue
        result = F.resized_crop(tensors[source], y, x, h, w, [th, tw], modes[mode], antialias=True)
        case(
            "resized_crop", source, result,
            {"region": {"x": x, "y": y, "width": w, "height": h}, "size": {"width": tw, "height": th}},
            {"scale": [0.08, 1], "ratio": [0.75, 1.3], "interpolation": mode},
        )  # fmt: skip

small = ["odd", "wide", "row", "column", "dot"]
for source in small:
    case("horizontal_flip", source, F.horizontal_flip(tensors[source]), {}, {"p": 0.5})
    case("vertical_flip", source, F.vertical_flip(tensors[source]), {}, {"p": 0.5})
for source in ["odd", "even", "dot"]:
    case("grayscale", source, F.rgb_to_grayscale(tensors[source], 3), {}, {"p": 0.1})

none = {"brightness": 0, "contrast": 0, "saturation": 0, "hue": 0, "p": 1}
adjust = {
    "brightness": (F.adjust_brightness, "factor", [0, 0.37, 1, 1.63, 2.9]),
    "contrast": (F.adjust_contrast, "factor", [0, 0.41, 1, 1.72, 3.3]),
    "saturation": (F.adjust_saturation, "factor", [0, 0.23, 1, 1.58, 4]),
    "hue": (F.adjust_hue, "shift", [-0.5, -0.31, -0.1, 0, 0.07, 0.2, 0.5]),
}
for kind, (function, label, values) in adjust.items():
    for value in values:
        for source in ["odd", "row"]:
            case(
                "color_jitter", source, function(tensors[source], value),
                {"adjustments": [{kind: {label: value}}]}, none,
            )  # fmt: skip
chain = [("hue", 0.13), ("contrast", 0.6), ("brightness", 1.3), ("saturation", 1.7)]
for order in [chain, chain[::-1]]:
    result = tensors["odd"]
    for kind, value in order:
        result = adjust[kind][0](result, value)
    case(
        "color_jitter", "odd", result,
        {"adjustments": [{kind: {adjust[kind][1]: value}} for kind, value in order]}, none,
    )  # fmt: skip

for source, size, sigma in [
    ("odd", 3, 0.1), ("odd", 3, 0.8), ("odd", 5, 2.0), ("odd", 9, 0.4), ("odd", 23, 0.1), ("odd", 23, 0.9),
    ("odd", 23, 2.0), ("odd", 23, 9.0), ("odd", 93, 30.0), ("prime", 7, 1.1), ("wide", 25, 1.7), ("wide", 5, 1.0),
    ("even", 23, 1.5),
]:  # fmt: skip
    case(
        "gaussian_blur", source, F.gaussian_blur(tensors[source], size, sigma),
        {"kernelSize": size, "sigma": sigma}, {"sigma": [0.1, 2], "p": 1},
    )  # fmt: skip

for source in ["odd", "row", "dark"]:
    for threshold in [0, 100.5, 128, 255]:
        case("solarize", source, F.solarize(tensors[source], threshold), {}, {"threshold": threshold, "p": 0.5})
    for bits in [0, 1, 4, 7, 8]:
        case("posterize", source, F.posterize(tensors[source], bits), {}, {"bits": bits, "p": 0.5})
flat = torch.full((3, 9, 11), 77, dtype=torch.uint8)
tensors["flat"], pictures["flat"] = flat, store(flat)
for source in ["odd", "dark", "flat", "dot", "row", "photograph"]:
    if source != "photograph":
        case("autocontrast", source, F.autocontrast(tensors[source]), {}, {"p": 0.5})
    case("equalize", source, F.equalize(tensors[source]), {}, {"p": 0.5})
for source in ["odd", "prime", "row", "even"]:
    for factor in [0, 0.4, 1, 2, 5.5]:
        result = F.adjust_sharpness(tensors[source], factor)
        case("sharpness", source, result, {}, {"sharpnessFactor": factor, "p": 0.5})

colour = [12, 200, 99]
for mode in ["nearest", "bilinear"]:
    interpolation = InterpolationMode(mode)
    for fill in [0, colour]:
        fills = [fill] * 3 if fill == 0 else fill
        shared = {"interpolation": mode, "fill": fill, "p": 1}
        for source, angle in [("odd", 17.3), ("odd", -141.0), ("even", 33.0), ("wide", 5.5), ("prime", 301.7)]:
            result = F.rotate(tensors[source], angle, interpolation, fill=fills)
            case("rotation", source, result, {"angle": angle}, {"degrees": 30, **shared})
        for source, angle, move, scale, shear in [
            ("odd", 0.0, (0, 0), 1.0, (0.0, 0.0)), ("odd", 21.7, (5, -3), 1.13, (7.1, 0.0)),
            ("prime", -38.2, (-4, 6), 0.71, (-11.0, 5.3)), ("even", 3.1, (0, 9), 1.9, (0.0, -4.0)),
        ]:  # fmt: skip
            result = F.affine(tensors[source], angle, list(move), scale, list(shear), interpolation, fill=fills)
            parameters = {
                "angle": angle, "translateX": move[0], "translateY": move[1], "scale": scale,
                "shearX": shear[0], "shearY": shear[1],
            }  # fmt: skip
            case("affine", source, result, parameters, {"degrees": 0, **shared})

for source, (x, y, w, h) in [("odd", (0, 0, 61, 47)), ("odd", (13, 7, 21, 30)), ("prime", (30, 28, 1, 1))]:
    value = torch.tensor(colour, dtype=torch.uint8)[:, None, None]
    result = F.erase(tensors[source], y, x, h, w, value)
    case(
        "cutout", source, result, {"region": {"x": x, "y": y, "width": w, "height": h}},
        {"scale": [0.02, 0.33], "ratio": [0.3, 3.3], "value": colour, "p": 1},
    )  # fmt: skip
for source, short in [("odd", 47), ("odd", 20), ("prime", 41), ("wide", 8), ("column", 3), ("even", 48)]:
    for mode in modes:
        result = F.resize(tensors[source], [short], modes[mode], antialias=True)
        size = {"width": result.shape[2], "height": result.shape[1]}
        case("resize", source, result, {"size": size}, {"size": short, "interpolation": mode})


def placement(width, height, new_width, new_height):
    """The rounding of torchvision's centre crop, restated for the recorded parameters."""
    corner = lambda new, old: -((new - old) // 2) if new > old else int(round((old - new) / 2))
    x, y = corner(new_width, width), corner(new_height, height)
    read = {"x": max(x, 0), "y": max(y, 0), "width": min(width, new_width), "height": min(height, new_height)}
    return {"region": {"x": x, "y": y, "width": new_width, "height": new_height}, "read": read}


for source, (w, h) in [("odd", (32, 32)), ("odd", (60, 80)), ("prime", (40, 41)), ("dot", (6, 7)), ("wide", (14, 14))]:
    tensor = tensors[source]
    parameters = placement(tensor.shape[2], tensor.shape[1], w, h)
    case("center_crop", source, F.center_crop(tensor, [h, w]), parameters)
for source, (w, h) in [("prime", (40, 41)), ("dot", (6, 7)), ("wide", (100, 14))]:
    tensor = tensors[source]
    dx, dy = w - tensor.shape[2], h - tensor.shape[1]
    result = F.pad(tensor, [dx // 2, dy // 2, dx - dx // 2, dy - dy // 2], fill=colour)
    case("pad", source, result, placement(tensor.shape[2], tensor.shape[1], w, h), {"fill": colour})

def by_channel(function, tensor, *arguments, **options):
    """torch 2.13 fails on three channels of one pixel, which it takes for another memory layout."""
    return torch.cat([function(plane, *arguments, **options) for plane in tensor.split(1)])


# A sweep over extents: one pixel, lines, fewer pixels than a vector, exactly one, just more, primes.
sweep = ["dot", "row", "column", "speck", "block", "thin", "coprime", "prime"]
for name, (w, h) in {"speck": (3, 2), "block": (16, 16), "thin": (33, 5), "coprime": (13, 17)}.items():
    tensors[name] = picture(name, w, h, 20 + w)

for source in sweep:
    height, width = tensors[source].shape[1:]
    parts = {(0, 0, width, height), (width // 3, height // 4, max(1, width // 2), max(1, height // 2))}
    for x, y, w, h in sorted(parts):
        for tw, th in [(1, 1), (11, 1), (1, 13), (7, 5), (19, 31)]:
            for mode in modes:
                result = by_channel(F.resized_crop, tensors[source], y, x, h, w, [th, tw], modes[mode], antialias=True)
                case(
                    "resized_crop", source, result,
                    {"region": {"x": x, "y": y, "width": w, "height": h}, "size": {"width": tw, "height": th}},
                    {"scale": [0.08, 1], "ratio": [0.75, 1.3], "interpolation": mode},
                )  # fmt: skip
    for short in [1, 5, 16, 37]:
        scale = short / min(width, height)
        if width * height * scale * scale > 4000 or short == min(width, height):
            continue
        for mode in modes:
            result = by_channel(F.resize, tensors[source], [short], modes[mode], antialias=True)
            size = {"width": result.shape[2], "height": result.shape[1]}
            case("resize", source, result, {"size": size}, {"size": short, "interpolation": mode})
    for w, h in [(1, 1), (9, 4), (20, 21)]:
        case("center_crop", source, F.center_crop(tensors[source], [h, w]), placement(width, height, w, h))
    w, h = width + 3, height + 6
    result = F.pad(tensors[source], [1, 3, 2, 3], fill=colour)
    case("pad", source, result, placement(width, height, w, h), {"fill": colour})

    case("horizontal_flip", source, F.horizontal_flip(tensors[source]), {}, {"p": 0.5})
    case("vertical_flip", source, F.vertical_flip(tensors[source]), {}, {"p": 0.5})
    case("grayscale", source, F.rgb_to_grayscale(tensors[source], 3), {}, {"p": 0.1})
    case("autocontrast", source, F.autocontrast(tensors[source]), {}, {"p": 0.5})
    case("equalize", source, F.equalize(tensors[source]), {}, {"p": 0.5})
    for threshold in [1, 77.25, 254]:
        case("solarize", source, F.solarize(tensors[source], threshold), {}, {"threshold": threshold, "p": 0.5})
    for bits in [2, 6]:
        case("posterize", source, F.posterize(tensors[source], bits), {}, {"bits": bits, "p": 0.5})
    for factor in [0.25, 3.5]:
        result = F.adjust_sharpness(tensors[source], factor)
        case("sharpness", source, result, {}, {"sharpnessFactor": factor, "p": 0.5})
    for kind, values in [
        ("brightness", [0.6, 1.4]), ("contrast", [0.2, 1.8]), ("saturation", [0.2, 1.8, 2.6]), ("hue", [-0.2, 0.1, 0.33])
    ]:  # fmt: skip
        function, label, _ = adjust[kind]
        for value in values:
            case(
                "color_jitter", source, function(tensors[source], value), {"adjustments": [{kind: {label: value}}]}, none
            )
    for size, sigma in [(3, 0.5), (3, 1.9), (5, 1.2), (9, 0.3), (9, 1.7), (23, 1.3)]:
        if size // 2 < min(width, height):
            result = F.gaussian_blur(tensors[source], size, sigma)
            case("gaussian_blur", source, result, {"kernelSize": size, "sigma": sigma}, {"sigma": [0.1, 2], "p": 1})
    for mode in ["nearest", "bilinear"]:
        interpolation = InterpolationMode(mode)
        shared = {"interpolation": mode, "fill": colour, "p": 1}
        for angle in [-7.7, 64.3]:
            result = F.rotate(tensors[source], angle, interpolation, fill=colour)
            case("rotation", source, result, {"angle": angle}, {"degrees": 30, **shared})
        result = F.affine(tensors[source], 12.7, [1, -2], 0.83, [5.3, -3.1], interpolation, fill=colour)
        parameters = {"angle": 12.7, "translateX": 1, "translateY": -2, "scale": 0.83, "shearX": 5.3, "shearY": -3.1}
        case("affine", source, result, parameters, {"degrees": 0, **shared})

# The three of 3-Augment.
for source in ["odd", "coprime", "dot"]:
    settings = {"threshold": 128, "sigma": [0.1, 2], "p": 1}
    case("three_augment", source, F.rgb_to_grayscale(tensors[source], 3), {"grayscale": {}}, settings)
    case("three_augment", source, F.solarize(tensors[source], 128), {"solarize": {}}, settings)
for size, sigma in [(3, 1.9), (23, 0.7)]:
    result = F.gaussian_blur(tensors["odd"], size, sigma)
    case("three_augment", "odd", result, {"blur": {"kernelSize": size, "sigma": sigma}}, settings)

# RandAugment: every operation at several strengths, both ways, and two in a row.
names = {
    "Identity": "identity", "ShearX": "shear_x", "ShearY": "shear_y", "TranslateX": "translate_x",
    "TranslateY": "translate_y", "Rotate": "rotate", "Brightness": "brightness", "Color": "color",
    "Contrast": "contrast", "Sharpness": "sharpness", "Posterize": "posterize", "Solarize": "solarize",
    "AutoContrast": "auto_contrast", "Equalize": "equalize",
}  # fmt: skip
space = v2.RandAugment._AUGMENTATION_SPACE
assert list(space) == list(names)


def strength(operation, bin, source):
    height, width = tensors[source].shape[1:]
    table = space[operation][0](31, height, width)
    return 0.0 if table is None else float(table[bin])


def rand_augment(source, operations, mode, fill):
    transform = v2.RandAugment(interpolation=InterpolationMode(mode), fill=fill)
    result = tensors[source]
    for operation, value in operations:
        result = transform._apply_image_or_video_transform(
            result, operation, value, interpolation=transform.interpolation, fill=transform._fill
        )
    parameters = {"operations": [{"operation": names[operation], "magnitude": value} for operation, value in operations]}
    settings = {"numOps": 2, "magnitude": 9, "numMagnitudeBins": 31, "interpolation": mode, "fill": fill, "p": 1}
    case("rand_augment", source, result, parameters, settings)


for operation in space:
    for source in ["prime", "thin", "dot"]:
        for bin in [0, 9, 23, 30]:
            value = strength(operation, bin, source)
            for sign in [1, -1] if space[operation][1] and bin else [1]:
                rand_augment(source, [(operation, sign * value)], "nearest", 0)
            if operation in ["ShearX", "ShearY", "Rotate"] and bin:
                rand_augment(source, [(operation, -value)], "bilinear", colour)
chosen = [("Rotate", 9), ("Color", 17), ("ShearY", 12), ("Posterize", 9), ("Equalize", 0), ("TranslateX", 5)]
for first, second in zip(chosen, chosen[1:]):
    rand_augment("odd", [(name, strength(name, bin, "odd")) for name, bin in (first, second)], "nearest", 0)
tables = {names[operation]: [[strength(operation, bin, "odd") for bin in range(31)]] for operation in space}
for operation in space:
    table = space[operation][0](10, 188, 250)
    tables[names[operation]].append([0.0] * 10 if table is None else [float(value) for value in table])


# Noise: the generator restated; torchvision's functions are given its numbers.
def hashed(first, count, key):
    """MurmurHash3's finalizer twice, with a key."""
    def mixed(x):
        x = x ^ (x >> np.uint32(16))
        x = x * np.uint32(0x85EBCA6B)
        x = x ^ (x >> np.uint32(13))
        x = x * np.uint32(0xC2B2AE35)
        return x ^ (x >> np.uint32(16))

    index = np.arange(first, first + count, dtype=np.uint32)
    return mixed(mixed(index * np.uint32(0x9E3779B9) + np.uint32(key[0])) ^ np.uint32(key[1]))


def keyed(key):
    return {"first": key[0], "second": key[1]}


for source, (x, y, w, h) in [("odd", (13, 7, 21, 30)), ("odd", (0, 46, 61, 1)), ("prime", (30, 0, 1, 28))]:
    region = {"x": x, "y": y, "width": w, "height": h}
    settings = {"scale": [0.02, 0.33], "ratio": [0.3, 3.3], "p": 1}
    value = torch.tensor(colour, dtype=torch.uint8)[:, None, None]
    case("random_erasing", source, F.erase(tensors[source], y, x, h, w, value), {"region": region}, {"value": colour, **settings})
    key = (0x12345678, 4000000000)
    noise = torch.from_numpy((hashed(0, 3 * w * h, key) >> np.uint32(24)).astype(np.uint8).reshape(3, h, w))
    parameters = {"region": region, "noise": keyed(key)}
    case("random_erasing", source, F.erase(tensors[source], y, x, h, w, noise), parameters, {"value": "random", **settings})

quantiles = np.array([statistics.NormalDist().inv_cdf((i + 0.5) / 1024) for i in range(1024)])
quantiles = (quantiles / np.sqrt(2 * np.mean(quantiles**2))).astype(np.float32)
for source in ["odd", "thin", "dot"]:
    for mean, sigma in [(0.0, 0.1), (0.2, 0.02), (-0.1, 0.6)]:
        key = (7, 0xDEADBEEF)
        bits = hashed(0, tensors[source].numel(), key)
        normal = quantiles[bits & 1023] + quantiles[bits >> np.uint32(10) & 1023]
        normal = torch.from_numpy(normal).reshape(tensors[source].shape)
        with mock.patch("torch.randn_like", lambda *_, **__: normal):
            result = F.gaussian_noise(tensors[source], mean, sigma)
        case("gaussian_noise", source, result, {"noise": keyed(key)}, {"mean": mean, "sigma": sigma, "p": 1})

for mode in ["nearest", "bilinear"]:
    for source, inwards in [
        ("odd", [(3, 5), (7, 2), (11, 4), (0, 9)]), ("odd", [(0, 0), (0, 0), (0, 0), (0, 0)]),
        ("odd", [(30, 20), (1, 22), (29, 3), (2, 1)]), ("prime", [(1, 7), (3, 3), (6, 2), (5, 4)]),
        ("thin", [(7, 1), (2, 0), (5, 1), (4, 0)]), ("speck", [(0, 0), (1, 0), (0, 0), (0, 0)]),
    ]:  # fmt: skip
        if (mode, source) == ("nearest", "thin"):
            continue  # Its places lie between pixels exactly, where rounding decides.
        height, width = tensors[source].shape[1:]
        signs = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
        corners = [(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)]
        ends = [[c[0] + s[0] * i[0], c[1] + s[1] * i[1]] for c, s, i in zip(corners, signs, inwards)]
        for fill in [0, colour]:
            result = F.perspective(
                tensors[source], [list(c) for c in corners], ends, InterpolationMode(mode), fill=[0, 0, 0] if fill == 0 else fill
            )  # fmt: skip
            parameters = {"corners": [{"x": x, "y": y} for x, y in ends]}
            settings = {"distortionScale": 0.5, "interpolation": mode, "fill": fill, "p": 1}
            case("perspective", source, result, parameters, settings)

for mode in ["nearest", "bilinear"]:
    for source, alpha, sigma in [
        ("odd", [50.0, 50.0], 5.0), ("odd", [9.0, 120.0], 1.5), ("prime", [30.0, 30.0], 0.0), ("block", [80.0, 20.0], 1.7)
    ]:  # fmt: skip
        key = (99, 12345)
        height, width = tensors[source].shape[1:]
        bits = hashed(0, 2 * width * height, key)
        numbers = torch.from_numpy(((bits >> np.uint32(8)) * 2.0**-24).astype(np.float32)).reshape(2, 1, 1, height, width)
        transform = v2.ElasticTransform(alpha, sigma, interpolation=InterpolationMode(mode), fill=colour)
        with mock.patch("torch.rand", mock.Mock(side_effect=list(numbers))):
            displacement = transform.make_params([tensors[source]])["displacement"]
        result = F.elastic(tensors[source], displacement, InterpolationMode(mode), fill=colour)
        settings = {"alpha": alpha, "sigma": sigma, "interpolation": mode, "fill": colour, "p": 1}
        case("elastic", source, result, {"noise": keyed(key)}, settings)

# JPEG by Pillow, whose encoder and decoder have the settings of torchvision's.
for source in ["odd", "even", "prime", "thin", "speck", "dot", "row", "column", "dark"]:
    for quality in [1, 30, 75, 95, 100]:
        file = io.BytesIO()
        PIL.Image.fromarray(tensors[source].permute(1, 2, 0).numpy()).save(file, "JPEG", quality=quality)
        result = torch.from_numpy(np.array(PIL.Image.open(file))).permute(2, 0, 1)
        case("jpeg_compression", source, result, {"quality": quality}, {"quality": [1, 100], "p": 1})

(here / "pixels.bin").write_bytes(blob)
versions = {module.__name__: module.__version__ for module in (torch, torchvision, np, PIL)}
document = {"versions": versions, "pictures": pictures, "strengths": tables, "cases": cases}
(here / "cases.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")
print(len(cases), "cases,", len(blob), "bytes", versions)
