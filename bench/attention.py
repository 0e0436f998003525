# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Times attention and its forms against peers, side by side.

    build/venv/bin/python bench/attention.py [--rows NAME,...] [--threads N] [--repeat N]

Each row is a set of contestants on the same inputs: they take turns, and the table has the median
of each, its ratio to the first one, and the largest difference of its output from the first's,
where both compute the same. Peers: onnxruntime, and openvino if it is installed.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "build", "python"))
import attune  # noqa: E402

WIDTH = 64


def value(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def save(nodes, heads, length, constants=(), opset=23, width=WIDTH):
    """A model of q, k and v [1, length, heads * width], by the nodes that make "o" of them."""
    shape = [1, length, heads * width]
    graph = helper.make_graph(nodes, "attention", [value(name, shape) for name in "qkv"],
                              [value("o", shape)], constants)
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=imports)
    model.ir_version = 10
    return model


def standard(heads, length, causal, width=WIDTH):
    return save([helper.make_node("Attention", ["q", "k", "v"], ["o"], q_num_heads=heads,
                                  kv_num_heads=heads, is_causal=int(causal))], heads, length,
                width=width)


def fused(heads, length, causal):
    """onnxruntime's own attention, its fastest one."""
    return save([helper.make_node("MultiHeadAttention", ["q", "k", "v"], ["o"],
                                  domain="com.microsoft", num_heads=heads,
                                  unidirectional=int(causal))], heads, length, opset=18)


def windowed(heads, length, window):
    """A causal window as exporters write it: positions are compared in the graph."""
    constants = [numpy_helper.from_array(np.array(array, dtype), name) for name, array, dtype in (
        ("zero", 0, np.int64), ("one", 1, np.int64), ("rows", [1], np.int64),
        ("columns", [0], np.int64), ("window", window, np.int64), ("scale", WIDTH**-0.5, np.float32),
        ("lowest", np.finfo(np.float32).min, np.float32), ("split", [1, -1, heads, WIDTH], np.int64),
        ("joined", [1, -1, heads * WIDTH], np.int64), ("dim", 1, np.int64))]

    def node(op, inputs, output, **attributes):
        return helper.make_node(op, inputs.split(), [output], **attributes)
    nodes = [node("Shape", "q", "shape"), node("Gather", "shape dim", "length"),
             node("Range", "zero length one", "places"),
             node("Unsqueeze", "places rows", "i"), node("Unsqueeze", "places columns", "j"),
             node("LessOrEqual", "j i", "earlier"), node("Sub", "i window", "first"),
             node("Greater", "j first", "near"), node("And", "earlier near", "seen")]
    for name, perm in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])):
        nodes += [node("Reshape", f"{name} split", f"{name}4"),
                  node("Transpose", f"{name}4", f"{name}t", perm=perm)]
    nodes += [node("MatMul", "qt kt", "products"), node("Mul", "products scale", "scores"),
              node("Where", "seen scores lowest", "masked"), node("Softmax", "masked", "weights"),
              node("MatMul", "weights vt", "sums"),
              node("Transpose", "sums", "heads", perm=[0, 2, 1, 3]),
              node("Reshape", "heads joined", "o")]
    return save(nodes, heads, length, constants, opset=18)


class Bench:
    def __init__(self, folder, threads, repeat, divisor):
        self.folder, self.threads, self.repeat, self.files = folder, threads, repeat, 0
        self.divisor = divisor

    def file(self, model):
        self.files += 1
        path = os.path.join(self.folder, f"{self.files}.onnx")
        onnx.save(model, path)
        return path

    def attune(self, model, *options):
        loaded = attune.load(attune.compile(self.file(model), options=options),
                             threads=self.threads)
        return lambda feeds: next(iter(loaded(**feeds).values()))

    def onnxruntime(self, model):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        session = onnxruntime.InferenceSession(self.file(model), options,
                                               providers=["CPUExecutionProvider"])
        return lambda feeds: session.run(None, feeds)[0]

    def openvino(self, model):
        """Nothing if it is not there."""
        try:
            import openvino
        except ImportError:
            return None
        compiled = openvino.Core().compile_model(
            self.file(model), "CPU", {"INFERENCE_NUM_THREADS": self.threads,
                                      "INFERENCE_PRECISION_HINT": "f32",
                                      "PERFORMANCE_HINT": "LATENCY"})
        return lambda feeds: compiled(feeds)[0]

    def row(self, title, heads, length, contestants, width=WIDTH):
        """`contestants`: name, function of the inputs, whether it computes what the first does."""
        random = np.random.default_rng(length)
        feeds = {name: random.standard_normal((1, length, heads * width)).astype(np.float32)
                 for name in "qkv"}
        contestants = [one for one in contestants if one[1]]
        results = [run(feeds) for _, run, _ in contestants]
        times = [[] for _ in contestants]
        for _ in range(self.repeat):
            for (_, run, _), taken in zip(contestants, times):
                begin = time.perf_counter()
                run(feeds)
                taken.append(time.perf_counter() - begin)
        medians = [statistics.median(taken) for taken in times]
        for (name, _, same), median, result in zip(contestants, medians, results):
            error = f"{np.abs(result - results[0]).max():.1e}" if same else "another form"
            print(f"| {title} | {name} | {median * 1e3:.2f} | {median / medians[0]:.2f} | {error} |",
                  flush=True)


def dense(bench, causal):
    kind = "causal" if causal else "dense"
    for length in (512, 2048, 8192):
        ours, theirs = standard(12, length, causal), fused(12, length, causal)
        bench.row(f"{kind}, H 12, L {length}", 12, length,
                  [("attune", bench.attune(ours), True),
                   ("onnxruntime", bench.onnxruntime(theirs), True),
                   ("openvino", bench.openvino(ours), True)])


def window(bench):
    for length in (4096, 16384):
        model = standard(2, length, True)
        bench.row(f"window 512 + 4 sinks, H 2, L {length}", 2, length,
                  [("attune, dense causal", bench.attune(model), True),
                   ("attune, sliding_window", bench.attune(
                       model, "--attention", "sliding_window{window=512,sinks=4}"), False)])


def forms(bench):
    """Forms whose time grows with the length only."""
    for length in (2048, 8192, 16384):
        model = standard(1, length, True)
        bench.row(f"forms, causal, H 1, L {length}", 1, length,
                  [("attune, dense causal", bench.attune(model), True)] +
                  [(f"attune, {form}", bench.attune(model, "--attention", form), False)
                   for form in ("performer", "linear", "streaming")])


def biased(heads, length, features, by, bench):
    """fft_rpe with learned biases of relative positions, which a file gives."""
    bias = 0.1 * np.random.default_rng(0).standard_normal((heads, 2 * length - 1))
    path = os.path.join(bench.folder, f"bias{length}.safetensors")
    values = bias.astype("<f4").tobytes()
    header = json.dumps({"bias": {"dtype": "F32", "shape": [heads, 2 * length - 1],
                                  "data_offsets": [0, len(values)]}}).encode()
    with open(path, "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header + values)
    spec = f"fft_rpe{{m={features},by={by},bias={path}}}"
    return bench.attune(standard(heads, length, False), "--attention", spec)


def lags(bench, lengths=(1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)):
    """Where transforms pass blocks of queries with the same features, and how both grow."""
    for length in lengths:
        ways = [("fft", True)] + [("blocks", True)] * (length <= 32768)
        contestants = [(f"attune, fft_rpe by {by}", biased(1, length, 64, by, bench), same)
                       for by, same in ways]
        if length <= 32768:
            contestants.append(("attune, dense", bench.attune(standard(1, length, False)), False))
        bench.row(f"bias of lags, 64 features, H 1, L {length}", 1, length, contestants)


def sparse(bench):
    """Forms that choose keys, with all that chooses them."""
    for title, heads, length, width, form in (
            ("blocks, 90 % dropped, causal, H 2, D 128", 2, 32768, 128, "seer{ratio=0.1}"),
            ("hashed and sampled, causal, H 1", 1, 131072, 64, "hyper")):
        length //= bench.divisor
        model = standard(heads, length, True, width)
        bench.row(f"{title}, L {length}", heads, length,
                  [("attune, dense causal", bench.attune(model), True),
                   (f"attune, {form}", bench.attune(model, "--attention", form), False)], width)


def exported(bench):
    model = windowed(12, 4096, 256)
    bench.row("window 256 in the file, H 12, L 4096", 12, 4096,
              [("attune", bench.attune(model), True),
               ("onnxruntime", bench.onnxruntime(model), True),
               ("openvino", bench.openvino(model), True)])


ROWS = {"dense": lambda bench: dense(bench, False), "causal": lambda bench: dense(bench, True),
        "window": window, "forms": forms, "lags": lags, "sparse": sparse,
        "exported": exported}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default=",".join(ROWS), help="of " + ", ".join(ROWS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=7, help="runs of each contestant")
    parser.add_argument("--divisor", type=int, default=1,
                        help="makes the sequences of 'sparse' shorter, to try it")
    options = parser.parse_args()
    names = options.rows.split(",")
    if unknown := [name for name in names if name not in ROWS]:
        parser.error(f"no row '{unknown[0]}'; there are {', '.join(ROWS)}")
    print(f"threads: {options.threads}\n\n| row | who | ms | ratio | difference |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            ROWS[name](Bench(folder, options.threads, options.repeat, options.divisor))


if __name__ == "__main__":
    main()
