"""Singular values by NumPy, in double precision, of real checkpoints' matrices and of made ones.

    python3 spectra.py DIR > spectra.json

DIR holds silero-vad/, retsim-pytorch/ and cellogpt/. A tensor of three and more dimensions is out × rest; vectors are left out.
"""
import json
import struct
import sys

import numpy

FILES = [
    "silero-vad/silero_vad_16k.safetensors",
    "retsim-pytorch/model.safetensors",
    "cellogpt/weights_s2s.safetensors",
]
SHAPES = [(7, 5), (12, 12), (40, 9), (9, 40), (64, 64), (96, 33)]


def tensors(path):
    data = open(path, "rb").read()
    (length,) = struct.unpack("<Q", data[:8])
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            assert entry["dtype"] == "F32"
            begin, end = entry["data_offsets"]
            values = numpy.frombuffer(data[8 + length + begin : 8 + length + end], dtype="<f4")
            yield name, values.reshape(entry["shape"])


def sigma(w):
    return numpy.linalg.svd(w.astype(numpy.float64), compute_uv=False).tolist()


def made(m, n):
    """Multiples of 1/64 from -2 to 2, which every type from BF16 up holds exactly."""
    i, j = numpy.meshgrid(numpy.arange(m), numpy.arange(n), indexing="ij")
    return ((37 * i * i + 101 * j * j + 59 * i * j) % 257 - 128) / 64


def main():
    real = []
    for file in FILES:
        for name, w in tensors(f"{sys.argv[1]}/{file}"):
            if w.ndim >= 2 and w.shape[0] > 1 and w[0].size > 1:
                w = w.reshape(w.shape[0], -1)
                real.append({"file": file, "name": name, "rows": w.shape[0], "columns": w.shape[1], "sigma": sigma(w)})
    synthetic = [{"rows": m, "columns": n, "sigma": sigma(made(m, n))} for m, n in SHAPES]
    out = {"numpy": numpy.__version__, "real": real, "made": synthetic}
    rows = [f'"{key}": [\n' + ",\n".join(json.dumps(row) for row in out[key]) + "\n]" for key in ("real", "made")]
    print('{\n"numpy": "%s",\n%s\n}' % (out["numpy"], ",\n".join(rows)))


main()
