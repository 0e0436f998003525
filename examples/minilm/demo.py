# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Compiles all-MiniLM-L6-v2 and compares it with ONNX Runtime.

usage: demo.py FOLDER

Writes minilm.onnx and minilm.so to FOLDER, embeds real sentences with both and
prints how alike the sentences are, how far the two programs are apart, and how
long each takes, side by side.
"""

import os
import resource
import statistics
import sys
import time

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

import attune
import write_model

SENTENCES = [
    "A man is playing a guitar on the street.",
    "Someone performs music outdoors with a string instrument.",
    "The stock market fell sharply on Monday.",
    "Shares dropped at the start of the week.",
    "My cat sleeps on the warm windowsill.",
]
# Batch and sequence length of the timed runs.
SHAPES = [(1, 16), (8, 128), (32, 64)]
TOLERANCE = 1e-5


def tokens(sentences):
    """The model's inputs for `sentences`: int64 arrays [batch, seq]."""
    tokenizer = Tokenizer.from_file(os.path.join(write_model.model_folder(), "tokenizer.json"))
    tokenizer.enable_padding()
    rows = tokenizer.encode_batch(sentences)
    return {"input_ids": np.array([row.ids for row in rows], np.int64),
            "attention_mask": np.array([row.attention_mask for row in rows], np.int64),
            "token_type_ids": np.array([row.type_ids for row in rows], np.int64)}


def random_tokens(batch, seq):
    """Inputs of a given size, for timing."""
    ids = np.random.default_rng(0).integers(1000, 30000, (batch, seq))
    return {"input_ids": ids, "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids)}


def compile_model(model, binary):
    begin = time.perf_counter()
    attune.compile(model, binary)
    seconds = time.perf_counter() - begin
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"compiled {os.path.basename(model)} ({os.path.getsize(model) / 1e6:.1f} MB) in "
          f"{seconds:.1f} s with {memory:.0f} MB of memory; the binary has "
          f"{os.path.getsize(binary) / 1e6:.1f} MB")


def print_similarities(embeddings):
    print("\ncosine similarity of the sentences:")
    matrix = embeddings @ embeddings.T
    for row, sentence in zip(matrix, SENTENCES):
        print("  " + " ".join(f"{value:6.3f}" for value in row) + "   " + sentence)


def interleaved(first, second, repeats):
    """Median milliseconds of each, run in turn."""
    times = ([], [])
    for turn in range(repeats + 2):
        for run, list_of_times in zip((first, second), times):
            begin = time.perf_counter()
            run()
            if turn >= 2:
                list_of_times.append(1e3 * (time.perf_counter() - begin))
    return [statistics.median(list_of_times) for list_of_times in times]


def peer(model, threads):
    """ONNX Runtime's session with its best settings."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])


def compare_speed(model, binary):
    print("\ntime of one run, medians of interleaved runs:")
    print("  threads  batch x seq    attune  ONNX Runtime  attune / ONNX Runtime")
    for threads in (1, 2):
        ours, theirs = attune.load(binary, threads=threads), peer(model, threads)
        for batch, seq in SHAPES:
            inputs = random_tokens(batch, seq)
            repeats = max(5, min(40, 20000 // (batch * seq)))
            mine, other = interleaved(lambda: ours(**inputs),
                                      lambda: theirs.run(None, inputs), repeats)
            print(f"  {threads:7}  {batch:5} x {seq:3}  {mine:6.2f} ms  {other:9.2f} ms"
                  f"  {mine / other:12.2f}")


def main(folder):
    model, binary = (os.path.join(folder, "minilm." + end) for end in ("onnx", "so"))
    if not os.path.exists(model):
        write_model.main(model)
    compile_model(model, binary)
    inputs = tokens(SENTENCES)
    ours = attune.load(binary)(**inputs)["sentence_embedding"]
    theirs = peer(model, 1).run(None, inputs)[0]
    print_similarities(ours)
    worst = np.abs(ours @ ours.T - theirs @ theirs.T).max()
    print(f"\nlargest difference from ONNX Runtime: {worst:.1e} in cosine, "
          f"{np.abs(ours - theirs).max():.1e} in an element")
    compare_speed(model, binary)
    if not worst < TOLERANCE:
        sys.exit(f"demo: the cosines differ by {worst:.1e}; {TOLERANCE:.0e} is allowed")


if __name__ == "__main__":
    main(sys.argv[1])
