# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Compiled models."""

import json
import os
import threading
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from . import _runtime
from .compiler import Error, PathLike

_INVALID_ARGUMENT = 1

# Types that NumPy lacks, as ml_dtypes names them.
_RAW = {"bf16": "bfloat16", "f8e4m3fn": "float8_e4m3fn", "f8e4m3fnuz": "float8_e4m3fnuz",
        "f8e5m2": "float8_e5m2", "f8e5m2fnuz": "float8_e5m2fnuz", "f8e8m0fnu": "float8_e8m0fnu",
        "f6e2m3fn": "float6_e2m3fn", "f6e3m2fn": "float6_e3m2fn", "f4e2m1fn": "float4_e2m1fn",
        "i4": "int4", "u4": "uint4", "i2": "int2", "u2": "uint2"}


class Value(NamedTuple):
    """An input or output of a model."""

    name: str
    dtype: str
    """f32, f64, f16, bf16, i8 .. i64, u8 .. u64, i1 (bool), or a type of ml_dtypes: f8e4m3fn,
    f8e4m3fnuz, f8e5m2, f8e5m2fnuz, f8e8m0fnu, f6e2m3fn, f6e3m2fn, f4e2m1fn, i4, u4, i2, u2."""
    shape: Tuple[Union[int, str, None], ...]
    """Sizes; the name of a dynamic one; None if it has no name."""


class Model:
    """A compiled model that is ready to run; made by `load`.

    Runs of one object take turns. Load the file again to run at the same time:
    the weights are mapped, so they take memory once.
    """

    def __init__(self, path: PathLike, threads: int = 0, check_weights: bool = True,
                 state_capacity: int = 0):
        self._model = _runtime.Model(os.fspath(path), threads, check_weights, state_capacity)
        self._lock = threading.Lock()
        self.inputs: List[Value] = [Value(*value) for value in self._model.describe(True)]
        self.outputs: List[Value] = [Value(*value) for value in self._model.describe(False)]

    @property
    def manifest(self) -> Dict[str, Any]:
        """What the compiler wrote about the binary."""
        return json.loads(self._model.manifest())

    def __call__(self, **arrays: Any) -> Dict[str, np.ndarray]:
        """Runs the model once.

        arrays: one for each input, by name: NumPy arrays, or what offers DLPack
            in CPU memory. The types must be the inputs' own; nothing is converted.
            Arrays with gaps are copied, others are only read during the call.

        bfloat16, float8 and types of less than a byte are those of ml_dtypes, or raw items of
        one or two bytes without it.

        Returns the outputs by name. They own their memory and offer DLPack.
        Raises Error.
        """
        missing = [value.name for value in self.inputs if value.name not in arrays]
        unknown = sorted(set(arrays) - {value.name for value in self.inputs})
        if missing or unknown:
            what = [f"lacks {', '.join(missing)}"] if missing else []
            what += [f"has no {', '.join(unknown)}"] if unknown else []
            names = ", ".join(value.name for value in self.inputs)
            raise Error(f"the call {' and '.join(what)}; the inputs are {names}",
                        _INVALID_ARGUMENT)
        given = [_array(arrays[value.name]) for value in self.inputs]
        raw = [_is_raw(array, value.dtype) for array, value in zip(given, self.inputs)]
        given = [array.view(f"u{array.itemsize}") if hide else array
                 for array, hide in zip(given, raw)]
        with self._lock:
            results = self._model.run(given, raw)
        return {value.name: result.view(_raw_type(value.dtype)) if value.dtype in _RAW else result
                for value, result in zip(self.outputs, results)}

    @property
    def state_length(self) -> int:
        """Positions in the state; 0 without state."""
        return self._model.state_length()

    def reset(self) -> None:
        """Empties the state."""
        with self._lock:
            self._model.reset()

    def cancel(self) -> None:
        """Makes the run or generation in progress end with an Error; from any thread."""
        self._model.cancel()

    def generate(self, input_ids: Any, attention_mask: Any = None, *, max_new: int = 64,
                 eos: Union[int, Sequence[int]] = (), pad: int = 0, temperature: float = 0.0,
                 top_k: int = 0, top_p: float = 1.0, min_p: float = 0.0,
                 repetition_penalty: float = 1.0, presence_penalty: float = 0.0,
                 frequency_penalty: float = 0.0, seed: int = 0,
                 sequences: Sequence[int] = (), prefill_chunk: int = 512,
                 on_token: Optional[Callable[[int, int], Any]] = None) -> np.ndarray:
        """Continues prompts and returns the new tokens, [rows, longest], padded behind.

        input_ids: [rows, length]; prompts of several lengths are padded on the left,
            with zeros in attention_mask there.
        eos: tokens that end a row. pad: what stands behind rows that have ended.
        temperature: 0 takes the likeliest token. The rest shape what is drawn from.
        seed, sequences: equal ones give a row equal text, whatever the other rows are.
        on_token: is called with row and token; the row ends if it returns something true.

        The state is reset first. A model without state computes everything anew each step.
        """
        numbers = dict(max_new=max_new, pad=pad, temperature=float(temperature), top_k=top_k,
                       top_p=float(top_p), min_p=float(min_p),
                       repetition_penalty=float(repetition_penalty),
                       presence_penalty=float(presence_penalty),
                       frequency_penalty=float(frequency_penalty), seed=seed,
                       prefill_chunk=prefill_chunk)
        ids = _tokens(input_ids)
        mask = None if attention_mask is None else _tokens(attention_mask)
        if ids.ndim != 2 or len(sequences) not in (0, ids.shape[0]):
            raise Error("generation requires rows of ids, and a sequence for each row or none",
                        _INVALID_ARGUMENT)
        ends = [eos] if isinstance(eos, int) else list(eos)
        with self._lock:
            return self._model.generate(ids, mask, numbers, ends, list(sequences), on_token)

    def __repr__(self) -> str:
        def text(values):
            return ", ".join(f"{value.name}: {value.dtype}{list(value.shape)}"
                             for value in values)
        return f"<attune.Model ({text(self.inputs)}) -> ({text(self.outputs)})>"


def _tokens(value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind not in "iub":
        raise Error(f"generation requires integers, but got {array.dtype}", _INVALID_ARGUMENT)
    return np.ascontiguousarray(array, np.int64)


def _array(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)) or not hasattr(value, "__dlpack__"):
        return np.ascontiguousarray(value) if np.ndim(value) else np.asarray(value)
    try:
        return np.ascontiguousarray(np.from_dlpack(value))
    except (BufferError, RuntimeError):
        # A type that NumPy lacks: the runtime takes it as it is, without gaps.
        return value


def _is_raw(array: Any, dtype: str) -> bool:
    """Whether NumPy holds a type that it lacks, as ml_dtypes' or as the raw items of
    numpy.savez."""
    if not isinstance(array, np.ndarray) or dtype not in _RAW:
        return False
    size = 2 if dtype == "bf16" else 1
    return array.dtype.name == _RAW[dtype] or (
        array.dtype.kind == "V" and array.dtype.name == f"void{8 * size}"
        and array.dtype.names is None)


def _raw_type(dtype: str) -> np.dtype:
    """ml_dtypes' type where that is installed, else raw items."""
    try:
        import ml_dtypes  # pylint: disable=import-outside-toplevel
    except ImportError:
        return np.dtype("V2" if dtype == "bf16" else "V1")
    return np.dtype(getattr(ml_dtypes, _RAW[dtype]))


def load(path: PathLike, threads: int = 0, check_weights: bool = True,
         state_capacity: int = 0) -> Model:
    """Opens a binary that `attune compile` wrote.

    threads: how many threads run a model, the caller's included; 0 for one on each
        processor that the process may use.
    check_weights: whether to read all weights once to find damage.

    state_capacity: positions that the state has room for, all at once; 0: memory
        doubles when it is full.

    Raises Error if the file is damaged, of another version, or made for another
    processor. A binary is code: load those you trust.
    """
    return Model(path, threads, check_weights, state_capacity)
