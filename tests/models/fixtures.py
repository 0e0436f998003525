# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Exported models for tests: graphs as exporters write them, seeded weights.

The files under fixtures/ hold graphs without the data of their weights. A
tensor to be filled has an entry `fill: normal MEAN DEVIATION` among its
metadata; load() draws its numbers from a seed made of its name. README.md
lists the models. make_fixtures.py made the files.
"""

import math
import os
import zlib

import numpy as np
import onnx

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
DECODERS = os.path.join(os.path.dirname(FOLDER), "decoders")
VOCABULARY = 61
FILL = "fill"


def path(name, ending="onnx"):
    """Returns where a fixture's file is."""
    return os.path.join(FOLDER, f"{name}.{ending}")


def names():
    """Returns the names of all fixtures, sorted."""
    return sorted(entry[:-5] for entry in os.listdir(FOLDER) if entry.endswith(".onnx"))


def generator(*words):
    """Returns a generator of random numbers seeded by words."""
    return np.random.default_rng(zlib.crc32("/".join(map(str, words)).encode()))


def mark(tensor, mean, deviation):
    """Takes a tensor's data away and notes how to fill it."""
    for field in ("raw_data", "float_data", "doc_string"):
        tensor.ClearField(field)
    tensor.metadata_props.add(key=FILL, value=f"normal {mean:g} {deviation:.3g}")


def fill(model):
    """Gives every marked tensor of a model its numbers, in place."""
    for tensor in model.graph.initializer:
        notes = {note.key: note.value for note in tensor.metadata_props}
        if FILL not in notes:
            continue
        kind, mean, deviation = notes[FILL].split()
        if kind != "normal" or tensor.data_type != onnx.TensorProto.FLOAT:
            raise ValueError(f"{tensor.name}: cannot fill '{notes[FILL]}'")
        drawn = generator(tensor.name).standard_normal(math.prod(tensor.dims))
        data = (float(mean) + float(deviation) * drawn).astype("<f4")
        tensor.ClearField("metadata_props")
        tensor.raw_data = data.tobytes()
    return model


def load(name):
    """Returns a fixture's model, complete with weights."""
    return fill(onnx.load(path(name)))


def load_decoder(name):
    """Returns the model of a file under decoders/, complete with weights."""
    return fill(onnx.load(os.path.join(DECODERS, f"{name}.onnx")))


def padding(batch, seq):
    """Returns a mask of ones with zeros behind; rows differ, none is all zero."""
    kept = [max(1, seq - 2 * ((row + seq) % 3)) for row in range(batch)]
    return (np.arange(seq) < np.array(kept)[:, None]).astype(np.int64)


def shape(value, sizes):
    """Returns the shape of an input, its named sizes replaced."""
    dims = value.type.tensor_type.shape.dim
    return tuple(sizes[dim.dim_param] if dim.dim_param else dim.dim_value for dim in dims)


def inputs_of(model, name, batch, seq):
    """Returns seeded inputs for a model; name goes into the seed."""
    arrays = {}
    for value in model.graph.input:
        dims = shape(value, {"batch": batch, "seq": seq})
        random = generator(name, value.name, batch, seq)
        if value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT:
            arrays[value.name] = random.standard_normal(dims).astype(np.float32)
        elif value.name == "attention_mask":
            arrays[value.name] = padding(*dims)
        elif value.name == "position_ids":
            arrays[value.name] = np.tile(np.arange(dims[1]), (dims[0], 1))
        else:
            limit = 2 if value.name == "token_type_ids" else VOCABULARY
            arrays[value.name] = random.integers(0, limit, dims)
    return arrays


def inputs(name, batch=2, seq=9):
    """Returns seeded inputs for a fixture, by the names of its inputs.

    Masks have padding. Images do not depend on seq. Positions run out at
    33 for the models that learn theirs.
    """
    return inputs_of(onnx.load(path(name)), name, batch, seq)


def expected(name):
    """Returns the stored inputs and outputs of a fixture, by their names."""
    with np.load(path(name, "npz")) as file:
        arrays = {key: file[key] for key in file.files}
    sides = {"in": {}, "out": {}}
    for key, array in arrays.items():
        side, _, rest = key.partition(".")
        sides[side][rest] = array
    return sides["in"], sides["out"]
