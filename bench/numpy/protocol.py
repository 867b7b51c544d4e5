"""CPU seconds of the protocol in plain NumPy, by the functions that made the tests' reference table:

    OPENBLAS_NUM_THREADS=1 python3 bench/numpy/protocol.py

Experiments 2 and 6 whole, and four trials of experiment 1 at d = 256 and 512.
"""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "Training.Tests" / "reference"))
import trials  # noqa: E402

STRUCTURES = ("heterogeneous", "low-rank", "block-diagonal")
PARTS = (
    ("experiment 2, 15 trials", 15, lambda k: [trials.one_layer(128, k, stream=50), trials.one_layer(128, k, stream=50, adam=True, rate=0.001)]),
    ("experiment 6, 15 trials", 15, lambda k: [trials.one_layer(64, k, structure=s, multipliers=m) for s in STRUCTURES for m in (False, True)]),
    ("experiment 1, d = 256 and 512, 4 trials", 4, lambda k: [trials.one_layer(d, k) for d in (256, 512)]),
)
for name, count, run in PARTS:
    start = time.process_time()
    for trial in range(count):
        run(trial)
    print(f"{name}: {time.process_time() - start:.2f} s")
