# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Makes the files under fixtures/ anew; needs torch, transformers, onnxscript.

    python make_fixtures.py [NAME...]

Each model gets random weights, is exported and compared with torch in several
shapes. Then the weights' data leaves the file, seeded weights take its place,
and two interpreters must agree before the outputs are stored.
"""

import dataclasses
import logging
import os
import sys
import tempfile
import typing
import warnings
import zlib

import numpy as np
import onnx
import onnx.reference
import onnxruntime
import torch
import transformers

import fixtures
import modules

SHAPES = [(2, 9), (1, 1), (3, 17), (1, 7), (2, 8), (3, 1)]
STORED = (2, 9)
TOLERANCE = 1e-4
LEARNED = 32  # smaller tensors stay in the file
FORBIDDEN = {"If", "Loop", "Scan", "SequenceConstruct", "ConcatFromSequence", "SplitToSequence"}


@dataclasses.dataclass
class Spec:
    """One fixture: a model, what goes in, what comes out, and an exporter."""

    make: typing.Callable
    exporter: str  # "script" or "dynamo"
    opset: int
    inputs: tuple = ("input_ids",)
    outputs: tuple = ("logits",)


MASKED = ("input_ids", "attention_mask")
TYPED = ("input_ids", "attention_mask", "token_type_ids")
PLACED = ("input_ids", "attention_mask", "position_ids")
HIDDEN = ("last_hidden_state",)
POOLED = ("last_hidden_state", "pooler_output")
IMAGE = ("pixel_values",)


def bert(attention):
    return transformers.BertModel(transformers.BertConfig(
        vocab_size=61, hidden_size=36, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=52, max_position_embeddings=33, attn_implementation=attention))


def gpt2(attention):
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=61, n_embd=36, n_layer=2, n_head=3, n_positions=33, use_cache=False,
        bos_token_id=0, eos_token_id=0, attn_implementation=attention))


def llama(attention):
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(
        vocab_size=61, hidden_size=40, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, intermediate_size=52, max_position_embeddings=64,
        use_cache=False, bos_token_id=0, eos_token_id=0, attn_implementation=attention))


def vit(attention):
    return transformers.ViTModel(transformers.ViTConfig(
        hidden_size=36, num_hidden_layers=2, num_attention_heads=3, intermediate_size=52,
        image_size=21, patch_size=7, attn_implementation=attention))


SPECS = {
    "bert_hf_eager_ts17": Spec(lambda: bert("eager"), "script", 17, TYPED, POOLED),
    "bert_hf_sdpa_dyn18": Spec(lambda: bert("sdpa"), "dynamo", 18, MASKED, POOLED),
    "bert_hf_sdpa_dyn23": Spec(lambda: bert("sdpa"), "dynamo", 23, TYPED, POOLED),
    "bert_hand_matmul_ts17": Spec(modules.Bert, "script", 17, MASKED, HIDDEN),
    "bert_hand_sdpa_dyn20": Spec(lambda: modules.Bert(sdpa=True), "dynamo", 20, MASKED, HIDDEN),
    "bert_stock_dyn21": Spec(modules.StockEncoder, "dynamo", 21, MASKED, HIDDEN),
    "gpt2_hf_eager_dyn18": Spec(lambda: gpt2("eager"), "dynamo", 18, MASKED),
    "gpt2_hf_sdpa_ts17": Spec(lambda: gpt2("sdpa"), "script", 17, MASKED),
    "gpt2_hf_nomask_dyn22": Spec(lambda: gpt2("sdpa"), "dynamo", 22),
    "gpt2_hand_matmul_ts18": Spec(modules.Gpt, "script", 18),
    "gpt2_hand_sdpa_dyn19": Spec(lambda: modules.Gpt(sdpa=True), "dynamo", 19),
    "gpt2_hand_sdpa_dyn23": Spec(lambda: modules.Gpt(sdpa=True), "dynamo", 23),
    "llama_hf_eager_ts17": Spec(lambda: llama("eager"), "script", 17, MASKED),
    "llama_hf_sdpa_dyn20": Spec(lambda: llama("sdpa"), "dynamo", 20, MASKED),
    "llama_hf_sdpa_dyn23": Spec(lambda: llama("sdpa"), "dynamo", 23, PLACED),
    "llama_hand_matmul_ts17": Spec(modules.Llama, "script", 17),
    "llama_hand_matmul_dyn18": Spec(modules.Llama, "dynamo", 18),
    "llama_hand_sdpa_dyn22": Spec(lambda: modules.Llama(style="sdpa"), "dynamo", 22),
    "llama_hand_gqa_dyn23": Spec(lambda: modules.Llama(style="gqa"), "dynamo", 23),
    "llama_hand_ops_dyn23": Spec(lambda: modules.Llama(style="ops"), "dynamo", 23),
    "vit_hf_eager_ts17": Spec(lambda: vit("eager"), "script", 17, IMAGE, POOLED),
    "vit_hf_sdpa_dyn21": Spec(lambda: vit("sdpa"), "dynamo", 21, IMAGE, POOLED),
    "vit_hand_matmul_dyn18": Spec(modules.Vit, "dynamo", 18, IMAGE),
    "vit_hand_sdpa_ts20": Spec(lambda: modules.Vit(sdpa=True), "script", 20, IMAGE),
}


def randomize(model):
    """Draws all parameters; returns (values, mean, deviation) of each."""
    turned = {id(module.weight) for module in model.modules()
              if isinstance(module, transformers.pytorch_utils.Conv1D)}
    drawn = []
    for name, parameter in model.named_parameters():
        mean, deviation = 0.0, 0.05
        if parameter.ndim == 1 and name.endswith("weight"):
            mean, deviation = 1.0, 0.1
        elif parameter.ndim == 3:
            deviation = parameter.shape[-1] ** -0.5
        elif parameter.ndim > 1:
            inner = parameter.shape[0] if id(parameter) in turned else parameter[0].numel()
            deviation = inner ** -0.5
        with torch.no_grad():
            parameter.normal_(mean, deviation)
        drawn.append((parameter.detach().numpy().ravel(), mean, deviation))
    return drawn


def example(spec, batch, seq):
    """Returns inputs of a shape for torch."""
    ids = torch.randint(0, fixtures.VOCABULARY, (batch, seq))
    size = (20, 15) if spec.make is modules.Vit or "logits" in spec.outputs else (21, 21)
    known = {"input_ids": ids, "token_type_ids": ids % 2,
             "attention_mask": torch.from_numpy(fixtures.padding(batch, seq)),
             "position_ids": torch.arange(seq).repeat(batch, 1),
             "pixel_values": torch.randn(batch, 3, *size)}
    return {name: known[name] for name in spec.inputs}


class Called(torch.nn.Module):
    """A model called by position, whose outputs are a tuple."""

    def __init__(self, model, spec):
        super().__init__()
        self.model, self.spec = model, spec

    def forward(self, *values):
        got = self.model(**dict(zip(self.spec.inputs, values)))
        return tuple(outputs(got, self.spec).values())


def outputs(got, spec):
    """Returns by name what a model returned as a tensor or a dictionary."""
    return {spec.outputs[0]: got} if isinstance(got, torch.Tensor) else \
        {name: got[name] for name in spec.outputs}


def export(model, spec, file):
    """Exports a model to a file."""
    values = example(spec, *STORED)
    axes = {name: {0: "batch"} if name in IMAGE else {0: "batch", 1: "seq"}
            for name in spec.inputs}
    options = {"opset_version": spec.opset, "input_names": list(spec.inputs),
               "output_names": list(spec.outputs)}
    if spec.exporter == "dynamo":
        shapes = {name: {axis: torch.export.Dim(dim) for axis, dim in dims.items()}
                  for name, dims in axes.items()}
        torch.onnx.export(model, (), file, kwargs=values, dynamo=True, dynamic_shapes=shapes,
                          external_data=False, verbose=False, **options)
    else:
        axes.update({name: axes[spec.inputs[0]] for name in spec.outputs})
        axes.update({"pooler_output": {0: "batch"}} if "pooler_output" in spec.outputs else {})
        torch.onnx.export(Called(model, spec).eval(), tuple(values.values()), file, dynamo=False,
                          dynamic_axes=axes, **options)


def run(model, values):
    """Returns onnxruntime's outputs by their names."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    named = [value.name for value in session.get_outputs()]
    return dict(zip(named, session.run(named, values)))


def close(left, right, what):
    """Requires that two dictionaries of outputs agree."""
    if list(left) != list(right):
        raise SystemExit(f"{what}: outputs {list(left)} and {list(right)}")
    for name, array in left.items():
        np.testing.assert_allclose(array, right[name], TOLERANCE, TOLERANCE, err_msg=what)


def compare(exported, model, spec, name):
    """Requires that the file computes what torch computes, in all shapes."""
    for batch, seq in SHAPES:
        values = example(spec, batch, seq)
        with torch.no_grad():
            got = model(**values)
        wanted = {key: value.numpy() for key, value in outputs(got, spec).items()}
        feeds = {key: value.numpy() for key, value in values.items()}
        close(run(exported, feeds), wanted, f"{name} {batch}x{seq}")


def lift(model):
    """Turns constant nodes of many floats to initializers."""
    nodes = list(model.graph.node)
    del model.graph.node[:]
    for node in nodes:
        value = next((a.t for a in node.attribute if a.name == "value"), None)
        if node.op_type == "Constant" and value is not None and \
                value.data_type == onnx.TensorProto.FLOAT and np.prod(value.dims) >= LEARNED:
            value.name = node.output[0]
            model.graph.initializer.append(value)
        else:
            model.graph.node.append(node)


def scrub(model):
    """Drops what a file tells of the place it was made at."""
    graph = model.graph
    for thing in [model, graph, *graph.node, *graph.initializer, *graph.value_info,
                  *graph.input, *graph.output]:
        thing.ClearField("doc_string")
        thing.ClearField("metadata_props")
    if model.functions:
        raise SystemExit("the file has functions")
    for node in graph.node:
        if node.op_type in FORBIDDEN or node.domain:
            raise SystemExit(f"the file has {node.domain}.{node.op_type}")


def empty(model, drawn):
    """Takes the data of learned tensors away; returns how many there were."""
    lift(model)
    marked = 0
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or np.prod(tensor.dims) < LEARNED:
            continue
        values = np.unique(onnx.numpy_helper.to_array(tensor))
        for numbers, mean, deviation in drawn:
            if np.isin(values[0], numbers):
                fixtures.mark(tensor, mean, deviation)
                marked += 1
                break
        else:
            print(f"  kept {tensor.name} {list(tensor.dims)} {values[:4]}")
    return marked


def reference(model, values, name):
    """Returns the reference interpreter's outputs, none where it cannot run."""
    try:
        found = onnx.reference.ReferenceEvaluator(model).run(None, values)
    except (NotImplementedError, RuntimeError, TypeError, ValueError, IndexError) as error:
        print(f"  {name}: no reference: {type(error).__name__} {str(error)[:200]}")
        return None
    return dict(zip([value.name for value in model.graph.output], found))


def store(model, name):
    """Writes a weightless file, and what it computes once it is filled."""
    onnx.save(model, fixtures.path(name))
    filled = fixtures.load(name)
    onnx.checker.check_model(filled, full_check=True)
    for batch, seq in SHAPES:
        values = fixtures.inputs(name, batch, seq)
        first = run(filled, values)
        second = reference(filled, values, name)
        if second is not None:
            close(second, first, f"{name} {batch}x{seq}, reference")
        if (batch, seq) == STORED:
            arrays = {f"in.{key}": array for key, array in values.items()}
            arrays.update({f"out.{key}": array for key, array in first.items()})
            np.savez_compressed(fixtures.path(name, "npz"), **arrays)


def make(name):
    """Makes one fixture."""
    spec = SPECS[name]
    torch.manual_seed(zlib.crc32(name.encode()))
    model = spec.make().eval()
    drawn = randomize(model)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "model.onnx")
        export(model, spec, file)
        exported = onnx.load(file)
    scrub(exported)
    compare(exported, model, spec, name)
    marked = empty(exported, drawn)
    store(exported, name)
    sizes = [os.path.getsize(fixtures.path(name, end)) for end in ("onnx", "npz")]
    print(f"{name}: {len(exported.graph.node)} nodes, {marked} weights, bytes {sizes}", flush=True)


def main(wanted):
    """Makes the named fixtures, or all."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    os.makedirs(fixtures.FOLDER, exist_ok=True)
    for name in wanted or SPECS:
        make(name)


if __name__ == "__main__":
    main(sys.argv[1:])
