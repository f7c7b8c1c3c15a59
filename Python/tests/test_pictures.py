import numpy as np
import pytest

import diptych


def test_decoding_a_file_and_its_bytes(photos):
    path = photos / "cat/0.png"
    pixels = diptych.decode(path)
    assert pixels.dtype == np.uint8
    assert pixels.shape[2] == 3
    assert np.array_equal(diptych.decode(path.read_bytes()), pixels)
    with pytest.raises(diptych.DataError):
        diptych.decode(b"nothing")
    with pytest.raises(diptych.DataError, match="nowhere"):
        diptych.decode("/nowhere.png")


def test_the_views_of_a_picture_are_those_of_the_loader(photos, small):
    own = diptych.Loader(photos, small, batch_size=42, shuffle=False, seed=3)
    batch = next(iter(own))
    for sample in range(2):
        drawn = diptych.views(photos / batch.paths[sample], small, count=sample + 1, seed=3)
        assert np.array_equal(drawn[0][sample], batch.views[0][:, sample])
    again = diptych.views(diptych.decode(photos / "cat/0.png"), small, dtype="uint8")
    assert again[0].shape == (1, 2, 16, 16, 3)


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4)), np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 3))]
)
def test_what_is_no_picture_is_refused(image, small):
    with pytest.raises(diptych.Error):
        diptych.views(image, small)


def test_a_sheet_is_a_png(photos, small, tmp_path):
    sheet = diptych.show(photos, small, count=3)
    sheet.save(tmp_path / "sheet.png")
    assert diptych.decode(tmp_path / "sheet.png").shape[0] > 3 * 16
    assert sheet._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"count": 0}, ValueError),
        ({"count": 1 << 64}, ValueError),
        ({"count": 1.5}, TypeError),
        ({"seed": -1}, ValueError),
        ({"seed": 1 << 64}, ValueError),
        ({"seed": None}, TypeError),
    ],
)
def test_counts_and_seeds_are_checked(photos, small, options, kind):
    (name,) = options
    with pytest.raises(kind, match=name):
        diptych.show(photos, small, **options)
    with pytest.raises(kind, match=name):
        diptych.views(photos / "cat/0.png", small, **options)
