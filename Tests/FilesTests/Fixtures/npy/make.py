"""Writes the arrays beside this file by NumPy; seeds of Fuzzing's target `npy`."""
import os
import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))
rows = np.arange(6).reshape(2, 3)
for name in ["<f4", "<f2", ">f8", "<i8", ">i2", "|u1", "|b1"]:
    np.save(name.translate({60: "l", 62: "b", 124: "n"}) + ".npy", rows.astype(name))
np.save("columns.npy", np.asfortranarray(rows.astype("<f4")))
np.save("scalar.npy", np.float32(1.5))
np.save("empty.npy", np.zeros((0, 4), "<f4"))
with open("version2.npy", "wb") as file:
    np.lib.format.write_array(file, rows.astype("<f4"), version=(2, 0))
