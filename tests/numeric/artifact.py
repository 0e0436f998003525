# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Runs a compiled artifact through its contract, without the runtime.

The services are made for testing: workspace and outputs are filled with NaN, so
that code that reads or returns what it did not write shows, and a range of work runs in
backward order in three parts, so that code that depends on the order shows.
"""

import ctypes
import json
import math
import os
import struct
import subprocess
import tempfile

import ml_dtypes
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ATTUNE = os.environ.get("ATTUNE", os.path.join(ROOT, "build", "bin", "attune"))

_pointer = ctypes.c_void_p
_int64 = ctypes.c_int64
_shape = ctypes.POINTER(_int64)
_workspace = ctypes.CFUNCTYPE(_pointer, _pointer, _int64)
_output = ctypes.CFUNCTYPE(_pointer, _pointer, ctypes.c_int32, ctypes.c_int32, _shape)
_parallel = ctypes.CFUNCTYPE(None, _pointer, _pointer, _pointer, _int64, _int64)
_fail = ctypes.CFUNCTYPE(None, _pointer, ctypes.c_int32, ctypes.c_char_p)
_body = ctypes.CFUNCTYPE(None, _pointer, _int64, _int64)
_stopped = ctypes.CFUNCTYPE(ctypes.c_int32, _pointer)
_mark = ctypes.CFUNCTYPE(_int64, _pointer)
_release = ctypes.CFUNCTYPE(None, _pointer, _int64)
_grow = ctypes.CFUNCTYPE(_pointer, _pointer, ctypes.c_int32, _int64)

DTYPES = dict(f64="f8", f32="f4", f16="f2", i64="i8", i32="i4", i16="i2", i8="i1",
              u64="u8", u32="u4", u16="u2", u8="u1", i1="?", bf16=ml_dtypes.bfloat16)
# Each element takes a byte.
DTYPES |= {name: getattr(ml_dtypes, kind) for name, kind in dict(
    f8e4m3fn="float8_e4m3fn", f8e4m3fnuz="float8_e4m3fnuz", f8e5m2="float8_e5m2",
    f8e5m2fnuz="float8_e5m2fnuz", f8e8m0fnu="float8_e8m0fnu", f6e2m3fn="float6_e2m3fn",
    f6e3m2fn="float6_e3m2fn", f4e2m1fn="float4_e2m1fn", i4="int4", u4="uint4", i2="int2",
    u2="uint2").items()}


MEMORY = 2**33  # what a run may ask for at once, in bytes


class _Services(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("reserved", ctypes.c_uint32),
                ("context", _pointer), ("workspace", _workspace),
                ("output", _output), ("parallel_for", _parallel),
                ("fail", _fail), ("stopped", _stopped), ("mark", _mark),
                ("release", _release), ("grow", _grow)]


class _Argument(ctypes.Structure):
    _fields_ = [("data", _pointer), ("shape", _shape)]


class _Table(ctypes.Structure):
    _fields_ = [("magic", ctypes.c_uint64), ("version", ctypes.c_uint32),
                ("size", ctypes.c_uint32),
                ("run", ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.POINTER(_Services),
                                         _pointer, ctypes.POINTER(_Argument)))]


class RunError(Exception):
    """A run that ended with a status; its text is the recorded message."""


def _aligned(size, fill):
    memory = np.full(size + 64, fill, np.uint8)
    return memory, memory.ctypes.data + (-memory.ctypes.data) % 64


class _Run:
    """The services of one run, and what they handed out."""

    def __init__(self, outputs, stopped):
        self.signature, self.outputs = outputs, {}
        self.kept, self.failures, self.scratch, self.grown = [], [], [], {}
        self.most = 0
        self.services = _Services(
            2, 0, None, _workspace(self.workspace), _output(self.output),
            _parallel(self.parallel_for), _fail(self.fail), _stopped(stopped),
            _mark(lambda _: len(self.scratch)), _release(self.release), _grow(self.grow))

    def workspace(self, _, size):
        if not 0 <= size < MEMORY:
            return None
        memory, address = _aligned(size, 0xFF)
        self.scratch.append(memory)
        self.most = max(self.most, sum(len(memory) for memory in self.scratch))
        return address

    def release(self, _, place):
        for memory in self.scratch[place:]:
            memory.fill(0xFF)
        del self.scratch[place:]

    def grow(self, _, slot, size):
        old = self.grown.setdefault(slot, [None, None])
        memory, address = _aligned(size, 0xFF)
        if old[0] is not None:
            old[0].fill(0xFF)
        self.grown[slot] = [old[1], memory]
        return address

    def output(self, _, index, rank, shape):
        dtype = DTYPES[self.signature[index]["dtype"]]
        sizes = [shape[dim] for dim in range(rank)]
        size = math.prod(sizes) * np.dtype(dtype).itemsize
        if min(sizes, default=0) < 0 or size >= MEMORY:
            return None
        array = np.full(size, 0xFF, np.uint8).view(dtype).reshape(sizes)
        self.outputs[index] = array
        return array.ctypes.data or 64

    def parallel_for(self, _, body, captures, count, grain):
        call = _body(body)
        edges = sorted({0, count // 3, 2 * count // 3, count})
        for begin, end in reversed(list(zip(edges, edges[1:]))):
            call(captures, begin, end)

    def fail(self, _, code, message):
        self.failures.append((code, message.decode()))


class Artifact:
    """A compiled model. Calling it takes and returns arrays, in order."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        (_, _, _, weights, size, manifest, length) = struct.unpack("<8s6Q", data[-96:-40])
        self.manifest = json.loads(data[manifest:manifest + length])
        self._memory, self._weights = _aligned(size, 0)
        ctypes.memmove(self._weights, data[weights:weights + size], size)
        # What a run that asks is told; the last run, for what it used.
        self.stopped, self.last = lambda _: 0, None
        self._table = _Table.in_dll(ctypes.CDLL(path), "attune_artifact")

    def __call__(self, *inputs):
        run = self.last = _Run(self.manifest["outputs"], self.stopped)
        arguments = (_Argument * max(1, len(inputs)))()
        for argument, array, declared in zip(arguments, inputs, self.manifest["inputs"]):
            array = np.ascontiguousarray(array, DTYPES[declared["dtype"]])
            shape = (_int64 * max(1, array.ndim))(*array.shape)
            run.kept += [array, shape]
            argument.data = array.ctypes.data
            argument.shape = ctypes.cast(shape, _shape)
        status = self._table.run(ctypes.byref(run.services), self._weights, arguments)
        if status != 0:
            raise RunError(run.failures)
        return [run.outputs[index] for index in range(len(run.outputs))]


def compile_text(text, *options):
    """Compiles MLIR text and loads the artifact."""
    with tempfile.TemporaryDirectory() as folder:
        source, binary = os.path.join(folder, "m.mlir"), os.path.join(folder, "m.so")
        with open(source, "w") as file:
            file.write(text)
        compile_file(source, binary, *options)
        return Artifact(binary)


def compile_file(source, binary, *options):
    """Compiles a model file; raises RuntimeError with the tool's messages."""
    done = subprocess.run([ATTUNE, "compile", source, "-o", binary, *options],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"exit code {done.returncode}: {done.stderr}")


def compile_ir(text, stage):
    """The IR of MLIR text after a stage."""
    with tempfile.TemporaryDirectory() as folder:
        source, result = os.path.join(folder, "m.mlir"), os.path.join(folder, "r.mlir")
        with open(source, "w") as file:
            file.write(text)
        compile_file(source, result, "--emit", stage)
        with open(result) as file:
            return file.read()


def save_safetensors(path, tensors):
    """Writes arrays by name, floats as f32 and integers as i32."""
    header, data = {}, b""
    for name, array in tensors.items():
        dtype = {"f": "F32", "i": "I32"}[np.asarray(array).dtype.kind]
        array = np.ascontiguousarray(array, f"<{dtype[0].lower()}4")
        raw = array.tobytes()
        header[name] = {"dtype": dtype, "shape": list(array.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
