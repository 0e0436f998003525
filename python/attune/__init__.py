# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Compiles transformer models to native code and runs it.

    import attune
    attune.compile("model.onnx", "model.so")
    model = attune.load("model.so", threads=2)
    outputs = model(input_ids=ids, attention_mask=mask)  # dict of NumPy arrays
"""

from .compiler import CompileError, Error, compile
from .model import Model, Value, load
from ._runtime import version as _version

__version__ = _version()
__all__ = ["CompileError", "Error", "Model", "Value", "compile", "load"]
