"""What `kappa scan` is measured against: every matrix of safetensors files through numpy.linalg.svd, singular values only.

    OPENBLAS_NUM_THREADS=2 python3 bench/numpy/scan.py [--rounds N] FILE.safetensors…

Prints a line per tensor (name, shape, seconds, condition number, log-volume in bits, entropy deficit), and the first round's total with the
median of N later ones, as `kappa bench scan` does. Needs NumPy, and an
OpenBLAS behind it to be a fair opponent (Debian: python3-numpy, libopenblas0-pthread).

With --make ROWSxCOLUMNS FILE it writes a synthetic BF16 tensor instead: Gaussian entries from RandomState(1), cut to 16 bits.
"""
import json
import struct
import sys
import time

import numpy as np

TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


def tensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    data = np.memmap(path, np.uint8, "r", 8 + length) if any(k != "__metadata__" for k in header) else None
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] not in TYPES or len(entry["shape"]) < 2 or 0 in entry["shape"]:
            continue
        begin, end = entry["data_offsets"]
        stored = data[begin:end].view(TYPES[entry["dtype"]])
        if entry["dtype"] == "BF16":
            stored = (stored.astype(np.uint32) << 16).view(np.float32)
        yield name, stored.astype(np.float64).reshape(entry["shape"][0], -1)


def make(shape, path):
    rows, columns = map(int, shape.split("x"))
    values = np.random.RandomState(1).standard_normal((rows, columns)).astype(np.float32)
    bits = (values.view(np.uint32) >> 16).astype("<u2")
    header = json.dumps({"weight": {"dtype": "BF16", "shape": [rows, columns], "data_offsets": [0, bits.nbytes]}}).encode()
    header += b" " * (-len(header) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        bits.tofile(file)


def main(arguments):
    if arguments[:1] == ["--make"]:
        make(arguments[1], arguments[2])
        return
    rounds = 0
    if arguments[:1] == ["--rounds"]:
        rounds, arguments = int(arguments[1]), arguments[2:]
    first, later = scan(arguments, True), [scan(arguments, False) for _ in range(rounds)]
    print(f"total {first:.3f} s" + (f", then {np.median(later):.4f} s" if later else ""))


def scan(paths, show):
    start = time.perf_counter()
    for path in paths:
        for name, matrix in tensors(path):
            begin = time.perf_counter()
            sigma = np.linalg.svd(matrix, compute_uv=False)
            with np.errstate(divide="ignore"):
                volume = np.log2(sigma).sum()
                deficit = len(sigma) / 2 * np.log2((sigma**2).mean()) - volume
                kappa = sigma[0] / sigma[-1] if sigma[-1] > 0 else np.inf
            if show:
                print(f"{name} {matrix.shape} {time.perf_counter() - begin:.4f} s  kappa {kappa:.6g}  log-volume {volume:.6f}  deficit {deficit:.4f}")
    return time.perf_counter() - start


main(sys.argv[1:])
