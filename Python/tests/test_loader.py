import copy
import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import diptych


def loader(photos, small, **options):
    return diptych.Loader(photos, small, **{"batch_size": 8, "threads": 2, **options})


def flat(batches):
    return [(b.epoch, b.number, b.index.tolist(), [v.copy() for v in b.views]) for b in batches]


def same(one, other):
    return len(one) == len(other) and all(
        a[:3] == b[:3] and all(np.array_equal(x, y) for x, y in zip(a[3], b[3]))
        for a, b in zip(one, other)
    )


def test_batches_have_the_shapes_that_are_promised(photos, small):
    own = loader(photos, small)
    assert len(own) == 42 // 8
    assert own.classes == ["cat", "dog", "eel"]
    batch = next(iter(own))
    assert [v.shape for v in batch.views] == [(2, 8, 3, 16, 16)]
    assert batch.views[0].dtype == np.float32
    assert batch.labels.shape == batch.index.shape == (8,)
    assert [p.split("/")[0] for p in batch.paths] == [own.classes[k] for k in batch.labels]


@pytest.mark.parametrize("threads", [1, 4])
def test_batches_do_not_depend_on_the_threads(photos, small, threads):
    assert same(flat(loader(photos, small, threads=threads)), flat(loader(photos, small)))


def test_bytes_are_the_floats_before_normalisation(photos, small):
    plain = copy.deepcopy(small)
    plain["views"]["normalize"] = {"mean": [0, 0, 0], "std": [1, 1, 1]}
    floats = next(iter(loader(photos, plain)))
    data = next(iter(loader(photos, plain, dtype="uint8")))
    assert data.views[0].dtype == np.uint8
    assert data.views[0].shape == (2, 8, 16, 16, 3)
    expected = data.views[0].transpose(0, 1, 4, 2, 3) / np.float32(255)
    assert np.allclose(floats.views[0], expected, atol=1e-6)


def test_an_epoch_differs_from_the_last_and_set_epoch_brings_it_back(photos, small):
    own = loader(photos, small, epochs=3)
    epochs = [flat(epoch) for epoch in own.epochs()]
    assert len(epochs) == 3
    assert not same(epochs[0], [(0, *b[1:]) for b in epochs[1]])
    own.set_epoch(1)
    assert same(flat(own), epochs[1])


def test_every_image_comes_once_in_order_for_evaluation(photos, small):
    own = loader(photos, small, evaluation=True, shuffle=False, drop_last=False)
    batches = flat(own)
    assert [index for b in batches for index in b[2]] == list(range(42))
    assert [len(b[2]) for b in batches] == [8, 8, 8, 8, 8, 2]
    assert batches[0][3][0].shape == (1, 8, 3, 16, 16)


@pytest.mark.parametrize("stop", [0, 1, 3, 5, 6, 9])
def test_a_state_goes_on_at_the_next_batch(photos, small, stop):
    whole = [b for epoch in loader(photos, small, epochs=3).epochs() for b in flat(epoch)]
    own = loader(photos, small, epochs=3)
    first = []
    state = own.state_dict()
    for epoch in own.epochs():
        for batch in epoch:
            if len(first) == stop:
                break
            first += flat([batch])
            state = own.state_dict()
        if len(first) == stop:
            break
    other = loader(photos, small, epochs=3)
    other.load_state_dict(state)
    rest = [b for epoch in other.epochs() for b in flat(epoch)]
    assert same(first + rest, whole)


def test_ranks_share_the_images(photos, small):
    parts = [loader(photos, small, rank=r, world_size=2, batch_size=4) for r in range(2)]
    indices = [np.concatenate([b.index for b in own]) for own in parts]
    assert len(indices[0]) == len(indices[1]) == 20
    assert not set(indices[0]) & set(indices[1])


def test_a_batch_lives_as_long_as_anybody_holds_it(photos, small):
    own = loader(photos, small, slots=3)
    first = next(iter(own))
    view = first.views[0][1]
    expected = view.copy()
    del first
    gc.collect()
    for epoch in range(3):
        own.set_epoch(epoch + 1)
        for _ in own:
            pass
    own.close()
    assert np.array_equal(view, expected)


def test_holding_everything_is_said_and_not_waited_for(photos, small):
    own = loader(photos, small, slots=2)
    held = []
    with pytest.raises(diptych.AllHeldError, match="2 batches"):
        for batch in own:
            held.append(batch)
    assert len(held) == 2
    # The loader goes on when something is let go.
    state = own.state_dict()
    held.clear()
    own.load_state_dict(state)
    assert len(list(map(len, own))) == len(own) - 2


def test_bad_images_are_skipped_and_listed(photos, small, tmp_path):
    import shutil

    shutil.copytree(photos, tmp_path / "p")
    (tmp_path / "p/cat/0.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(diptych.DataError, match="more than"):
        list(loader(tmp_path / "p", small, max_bad=0, drop_last=False))
    own = loader(tmp_path / "p", small, max_bad=0.1, drop_last=False)
    assert sum(len(b) for b in own) == 41
    ((index, line),) = own.quarantine
    assert index == 0
    assert "cat/0.png" in line
    assert own.statistics["failures"] == 1


def test_a_thousand_loaders_leave_nothing(photos, small):
    def threads():
        return len(os.listdir("/proc/self/task"))

    def files():
        return len(os.listdir("/proc/self/fd"))

    def memory():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096

    source = diptych.Source(photos)
    for round in range(1000):
        own = diptych.Loader(source, small, batch_size=4, threads=1, slots=2)
        if round % 3 == 0:
            next(iter(own))
        if round == 200:
            before = (threads(), files(), memory())
        del own
    gc.collect()
    assert threads() <= before[0]
    assert files() <= before[1]
    assert memory() < before[2] + (16 << 20)


def test_an_exception_in_the_loop_ends_the_loop(photos, small):
    with pytest.raises(RuntimeError, match="mine"):
        for _ in loader(photos, small):
            raise RuntimeError("mine")


def test_another_thread_may_close_it(photos, small):
    own = loader(photos, small)
    batches = iter(own)
    next(batches)
    thread = threading.Thread(target=own.close)
    thread.start()
    thread.join(10)
    with pytest.raises(diptych.StoppedError):
        next(batches)


def script(text, *arguments, wait=60):
    return subprocess.run(
        [sys.executable, "-c", text, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=wait,
        check=False,
    )


def test_the_interpreter_ends_with_batches_and_loaders_alive(photos):
    done = script(
        """
import sys, diptych
views = {"branches": [{"count": 2, "size": 16, "steps": ["resized_crop"]}]}
loader = diptych.Loader(sys.argv[1], views=views, batch_size=4)
batches = iter(loader)
kept = next(batches).views[0]
print("end")
""",
        photos,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


def test_control_c_ends_a_loop(photos):
    text = """
import signal, sys, diptych
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
views = {"branches": [{"count": 2, "size": 16, "steps": ["resized_crop"]}]}
loader = diptych.Loader(sys.argv[1], views=views, batch_size=4)
print("begun", flush=True)
while True:
    for batch in loader:
        pass
"""
    process = subprocess.Popen(
        [sys.executable, "-c", text, str(photos)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.readline()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert b"KeyboardInterrupt" in errors


def test_a_fork_is_refused_in_words(photos, small):
    own = loader(photos, small)
    batches = iter(own)
    next(batches)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            next(batches)
            said = b"no error"
        except diptych.ForkError as error:
            said = str(error).encode()
        except BaseException as error:
            said = repr(error).encode()
        os.write(write, said)
        os._exit(0)
    os.close(write)
    assert b"after the fork" in os.read(read, 1000)
    os.waitpid(child, 0)
    assert len(next(batches)) == 8


def test_it_is_not_pickled(photos, small):
    with pytest.raises(TypeError, match="in place of a DataLoader"):
        pickle.dumps(loader(photos, small))
    if "spawn" in multiprocessing.get_all_start_methods():
        process = multiprocessing.get_context("spawn").Process(
            target=len, args=(loader(photos, small),)
        )
        with pytest.raises(TypeError):
            process.start()


@pytest.mark.parametrize(
    ("options", "kind", "word"),
    [
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"batch_size": 2.5}, TypeError, "batch_size"),
        ({"batch_size": True}, TypeError, "batch_size"),
        ({"batch_size": 1 << 70}, ValueError, "batch_size"),
        ({"batch_size": 43}, diptych.DataError, "too few"),
        ({"threads": 100_000}, ValueError, "threads"),
        ({"slots": 1}, ValueError, "slots"),
        ({"seed": -1}, ValueError, "seed"),
        ({"rank": 2, "world_size": 2}, ValueError, "rank"),
        ({"max_bad": 2}, ValueError, "maximum_bad"),
        ({"max_bad": float("nan")}, ValueError, "maximum_bad"),
        ({"max_bad": "few"}, TypeError, "max_bad"),
        ({"dtype": "float16"}, ValueError, "dtype"),
        ({"collate": "list"}, ValueError, "collate"),
        ({"overrides": ["views.branch=1"]}, ValueError, "branch"),
        ({"overrides": "views"}, TypeError, "list"),
        ({"overrides": [1]}, TypeError, "overrides"),
        ({"views": {}}, TypeError, "not both"),
    ],
)
def test_wrong_arguments_are_named(photos, small, options, kind, word):
    with pytest.raises(kind, match=word):
        next(iter(loader(photos, small, **options)))


@pytest.mark.parametrize("images", ["/nowhere", "", "a\0b", "x" * 100_000, 7, None, b"\xff\xfe"])
def test_hostile_folders_are_refused(images, small):
    with pytest.raises((diptych.Error, TypeError)):
        diptych.Loader(images, small)


@pytest.mark.parametrize(
    "pipeline",
    [
        "/nowhere.yaml",
        "",
        "views: [\n",
        "views: {branches: []}\n",
        {"views": {"nonsense": 1}},
        7,
        "a\0\n",
        {"views": {"branches": [{"count": 10**30}]}},
        "&a [*a]\n",
        "\ud800\n",
    ],
)
def test_hostile_pipelines_are_refused(photos, pipeline):
    with pytest.raises((diptych.Error, TypeError, UnicodeError)):
        diptych.Loader(photos, pipeline)


def test_tensors_share_the_memory(photos, small):
    torch = pytest.importorskip("torch")
    own = loader(photos, small)
    batch = next(iter(own))
    one, other = batch.torch()
    assert one.shape == other.shape == (8, 3, 16, 16)
    assert one.data_ptr() == batch.views[0].ctypes.data
    assert torch.from_dlpack(batch.views[0]).shape == (2, 8, 3, 16, 16)
    del batch
    gc.collect()
    expected = other.clone()
    for _ in own:
        pass
    assert torch.equal(other, expected)
    views, labels, index = next(iter(loader(photos, small, collate="tuple")))
    assert len(views) == 2
    assert labels.shape == index.shape == (8,)
    data = next(iter(loader(photos, small, dtype="uint8"))).torch()[0]
    assert data.shape == (8, 3, 16, 16)
    assert data.is_contiguous(memory_format=torch.channels_last)


def test_presets_and_bases_need_no_file(tmp_path):
    assert diptych.Pipeline("simclr-32").branches[0].width == 32
    text = "base: simclr-32\nviews: {normalize: {std: [0.25, 0.25, 0.25]}}\n"
    (tmp_path / "own.yaml").write_text(text)
    own = diptych.Pipeline(tmp_path / "own.yaml")
    assert own.normalization[1].tolist() == [0.25, 0.25, 0.25]
    assert [(b.width, b.views) for b in own.branches] == [(32, 2)]
    with pytest.raises(diptych.ConfigurationError, match="did you mean simclr-32"):
        diptych.Pipeline("simclr-23")
