"""Reference values of the nine experiments: the protocol of docs/experiments.md line by line, in plain NumPy.

    python3 trials.py > trials.json

One row per experiment, condition and trial: the component errors after the last step (experiment 3: the gradients
averaged over training, too; experiment 7: the product's condition number). It knows nothing of the project that is
checked against it: the random numbers are RandomState's, products and singular values those of NumPy's BLAS and LAPACK.
"""
import json
import sys

import numpy as np

SEED, BATCH, NOISE = 42, 64, 0.01


# Targets.

def heterogeneous(r, d):
    w = r.randn(d, d) * np.sqrt(2.0 / d)
    return w * np.exp(0.5 * r.randn(d))[:, None]


def low_rank(r, d):
    a = r.randn(d, 16)
    b = r.randn(16, d)
    return a @ b / np.sqrt(16 * d)


def block_diagonal(r, d):
    w = np.zeros((d, d))
    for i in range(0, d, 8):
        w[i:i + 8, i:i + 8] = r.randn(8, 8)
    return w


STRUCTURES = {"heterogeneous": heterogeneous, "low-rank": low_rank, "block-diagonal": block_diagonal}


# Components.

def sigma(w):
    return np.linalg.svd(w, compute_uv=False)


def kappa(w):
    s = sigma(w)
    return s[0] / s[-1]


def relative(a, b):
    return float(np.linalg.norm(np.ravel(a - b)) / np.linalg.norm(np.ravel(b)))


def errors(w, target):
    def rank(m):
        s = sigma(m)
        return np.count_nonzero(s > 0.01 * s[0])

    def gap(m):
        s = sigma(m)
        return (s[0] - s[1]) / s[0]

    def number(f):
        return float(abs(f(w) - f(target)) / abs(f(target)))

    return {
        "row_norms": relative(np.linalg.norm(w, axis=1), np.linalg.norm(target, axis=1)),
        "col_norms": relative(np.linalg.norm(w, axis=0), np.linalg.norm(target, axis=0)),
        "singular_values": relative(sigma(w), sigma(target)),
        "condition_number": number(kappa),
        "effective_rank": number(rank),
        "spectral_gap": number(gap),
        "frobenius": number(np.linalg.norm),
        "overall": relative(w, target),
    }


# One linear layer: experiments 1 to 6, 8 and 9.

def one_layer(d, trial, structure="heterogeneous", stream=7, steps=200, rate=0.01, adam=False, multipliers=False,
              regularization=False, correction=False, decay=0.0, signal=False):
    r = np.random.RandomState(SEED + 100 * trial)
    target = STRUCTURES[structure](r, d)
    if stream is not None:
        r = np.random.RandomState(SEED + 100 * trial + stream)
    w = r.randn(d, d) * 0.1 * np.sqrt(2.0 / d)
    rows, columns = np.ones(d), np.ones(d)
    first, second = np.zeros((d, d)), np.zeros((d, d))
    target_sigma, target_kappa = sigma(target), kappa(target)
    gradients = np.zeros(d)
    for step in range(1, steps + 1):
        x = r.randn(BATCH, d)
        n = NOISE * r.randn(BATCH, d)
        effective = rows[:, None] * w * columns
        g = (x @ effective.T - x @ target.T - n).T @ x / BATCH
        if signal:
            u, _, vt = np.linalg.svd(w)
            gradients += np.abs(np.sum(u * (g @ vt.T), axis=0)) / steps
        if regularization and step % 10 == 0:
            u, s, vt = np.linalg.svd(w)
            penalty = 2 * 0.01 * (np.log(s[0] / s[-1]) - np.log(target_kappa)) * (
                np.outer(u[:, 0], vt[0]) / s[0] - np.outer(u[:, -1], vt[-1]) / s[-1])
            g = g + penalty * min(1.0, 0.5 / np.linalg.norm(penalty))
        if multipliers:
            dw = rows[:, None] * g * columns
            dr = np.sum(g * w * columns, axis=1)
            dc = np.sum(g * rows[:, None] * w, axis=0)
            w, rows, columns = w - rate * dw, rows - 0.001 * dr, columns - 0.001 * dc
        elif adam:
            first = 0.9 * first + (1 - 0.9) * g
            second = 0.999 * second + (1 - 0.999) * g * g
            w = w - rate * (first / (1 - 0.9 ** step)) / (np.sqrt(second / (1 - 0.999 ** step)) + 1e-8)
        else:
            w = w - rate * (g + decay * w)
        if correction and step % 20 == 0:
            u, s, vt = np.linalg.svd(w)
            w = (u * (0.9 * s + 0.1 * target_sigma)) @ vt
    values = errors(rows[:, None] * w * columns, target)
    if signal:
        values |= {"gradient_top": float(gradients[0]), "gradient_bottom": float(gradients[-1]),
                   "gradient_ratio": float(gradients[0] / gradients[-1])}
    return values


# Several layers: experiment 7.

def deep(d, trial, depth, relu=False, steps=300):
    r = np.random.RandomState(SEED + 100 * trial)
    teacher = [heterogeneous(r, d) for _ in range(depth if relu else 1)]
    r = np.random.RandomState(SEED + 100 * trial + 7)
    scale = 0.1 if relu else 0.1 ** (1.0 / depth)
    student = [r.randn(d, d) * scale * np.sqrt(2.0 / d) for _ in range(depth)]
    rate = 0.01 if depth == 1 else 0.005

    def forward(layers, x):
        inputs = [x]
        for l, w in enumerate(layers):
            y = inputs[-1] @ w.T
            inputs.append(np.maximum(y, 0) if relu and l + 1 < len(layers) else y)
        return inputs

    for _ in range(steps):
        x = r.randn(BATCH, d)
        n = NOISE * r.randn(BATCH, d)
        inputs = forward(student, x)
        e = inputs[-1] - forward(teacher, x)[-1] - n
        gradients = []
        for l in reversed(range(depth)):
            gradients.insert(0, e.T @ inputs[l] / BATCH)
            e = e @ student[l]
            if relu:
                e = e * (inputs[l] > 0)
        student = [w - rate * g for w, g in zip(student, gradients)]

    def product(layers):
        w = layers[0]
        for layer in layers[1:]:
            w = layer @ w
        return w

    values = errors(product(student), product(teacher))
    if relu:
        values["condition_number"] = float(np.mean([abs(kappa(w) - kappa(t)) / kappa(t) for w, t in zip(student, teacher)]))
    values["kappa"] = float(kappa(product(student)))
    return values


# The conditions as the experiments name them.

def conditions():
    yield "exp1", {}, one_layer, {}
    yield "exp2", {"optimizer": "sgd"}, one_layer, {"stream": 50}
    yield "exp2", {"optimizer": "adam"}, one_layer, {"stream": 50, "adam": True, "rate": 0.001}
    yield "exp3", {}, one_layer, {"signal": True}
    yield "exp4", {"strategy": "standard"}, one_layer, {}
    yield "exp4", {"strategy": "multipliers"}, one_layer, {"multipliers": True}
    yield "exp4", {"strategy": "spectral-regularization"}, one_layer, {"regularization": True}
    yield "exp4", {"strategy": "svd-correction"}, one_layer, {"correction": True}
    yield "exp5", {}, one_layer, {}
    for structure in STRUCTURES:
        for strategy in ("standard", "multipliers"):
            yield ("exp6", {"structure": structure, "strategy": strategy}, one_layer,
                   {"structure": structure, "multipliers": strategy == "multipliers"})
    for depth in (1, 2, 3):
        yield "exp7", {"model": "linear", "depth": depth}, deep, {"depth": depth}
    yield "exp7", {"model": "relu-mlp", "depth": 2}, deep, {"depth": 2, "relu": True}
    for rate in (0.001, 0.005, 0.01, 0.02, 0.05):
        yield "exp8", {"learning_rate": rate}, one_layer, {"rate": rate}
    for decay in (0, 1e-4, 1e-3, 1e-2):
        yield "exp8", {"weight_decay": decay}, one_layer, {"decay": decay}
    yield "exp9", {}, one_layer, {"stream": None, "steps": 1000}


LARGER = [{"optimizer": "adam"}, {"strategy": "spectral-regularization"}, {"model": "linear", "depth": 3}]


def main():
    rows = []
    for experiment, condition, run, options in conditions():
        for d in (16, 64) if condition in LARGER or experiment == "exp9" else (16,):
            for trial in (0, 1):
                rows.append(json.dumps({"experiment": experiment, "condition": condition | {"d": d}, "trial": trial,
                                        "values": run(d, trial, **options)}))
    print('{"numpy": "%s", "python": "%s", "rows": [' % (np.__version__, sys.version.split()[0]))
    print(",\n".join(rows))
    print("]}")


if __name__ == "__main__":
    main()
