# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The compiler, as a process of its own."""

import os
import shutil
import subprocess
from typing import Mapping, Optional, Tuple, Union

PathLike = Union[str, "os.PathLike[str]"]


class Error(Exception):
    """Why the runtime refused or failed; `code` is an attune_status_code."""

    def __init__(self, message: str, code: int = 0):
        super().__init__(message)
        self.code = code


class CompileError(Error):
    """Why a model was not compiled: the compiler's messages.

    `code` is the tool's exit code: 1 the model is at fault, 2 the options are,
    3 attune is.
    """


def _tool() -> str:
    """The `attune` program: $ATTUNE, the build's or the installation's, PATH's."""
    here = os.path.dirname(os.path.abspath(__file__))
    candidates = [os.environ.get("ATTUNE"),
                  os.path.join(here, "..", "..", "bin", "attune"),
                  os.path.join(here, "..", "..", "..", "..", "bin", "attune"),
                  shutil.which("attune")]
    for candidate in candidates:
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    raise Error("cannot find the program 'attune': set the environment variable ATTUNE")


def _dim(name: str, size: Union[int, Tuple[int, int]]) -> str:
    if isinstance(size, tuple):
        return f"{name}={size[0]}..{size[1]}"
    return f"{name}={size}"


def compile(path: PathLike, out: Optional[PathLike] = None, *,
            dims: Optional[Mapping[str, Union[int, Tuple[int, int]]]] = None,
            cpu: str = "native", options: Tuple[str, ...] = ()) -> str:
    """Compiles the model file `path` and returns the binary's path.

    out: where the binary goes; by default beside the model, with the ending .so.
    dims: sizes of named dimensions: one size, or (least, largest).
    cpu: the processor, as `attune compile --cpu` takes it.
    options: more options of `attune compile`, as on its command line.

    Raises CompileError with the compiler's messages; nothing is written then.
    """
    source = os.fspath(path)
    target = os.fspath(out) if out is not None else os.path.splitext(source)[0] + ".so"
    command = [_tool(), "compile", source, "-o", target, "--cpu", cpu, *options]
    for name, size in (dims or {}).items():
        command += ["--dim", _dim(name, size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CompileError(done.stderr.strip(), done.returncode)
    return target
