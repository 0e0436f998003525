# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The references of the forms, which lie beside the forms."""

import importlib.util
import os

import artifact


def load(form):
    """The module `reference.py` of a form's folder."""
    path = os.path.join(artifact.ROOT, "dialects", "attn", "forms", form, "reference.py")
    spec = importlib.util.spec_from_file_location(f"reference_{form}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
