# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Makes the files under decoders/ anew; needs torch, transformers, onnxscript.

    python make_decoders.py [NAME...]

Decoders with past and present, named as optimum names them. Each is exported
and compared with torch; the tokens that torch generates greedily in float64 by
computing everything anew each step are stored beside it.
"""

import logging
import os
import sys
import tempfile
import warnings
import zlib

import numpy as np
import onnx
import torch
import transformers

import fixtures
import make_fixtures

PROMPT, NEW = 7, 20


def gpt2():
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=61, n_embd=36, n_layer=2, n_head=3, n_positions=65, tie_word_embeddings=False,
        bos_token_id=0, eos_token_id=0, attn_implementation="eager"))


def llama():
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(
        vocab_size=61, hidden_size=40, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, intermediate_size=52, max_position_embeddings=64,
        bos_token_id=0, eos_token_id=0, attn_implementation="sdpa"))


SPECS = {"gpt2_past_ts17": (gpt2, 17, True), "llama_past_ts18": (llama, 18, False)}


class WithPast(torch.nn.Module):
    """A model on flat tensors of past keys and values."""

    def __init__(self, model, places):
        super().__init__()
        self.model, self.places = model, places

    def forward(self, input_ids, attention_mask, *rest):
        places = {"position_ids": rest[0]} if self.places else {}
        rest = rest[1:] if self.places else rest
        cache = transformers.DynamicCache(list(zip(rest[::2], rest[1::2])))
        got = self.model(input_ids=input_ids, attention_mask=attention_mask,
                         past_key_values=cache, use_cache=True, **places)
        present = [tensor for layer in got.past_key_values.layers
                   for tensor in (layer.keys, layer.values)]
        return (got.logits, *present)


def signature(model, places):
    """Returns names of inputs and outputs, and names of their dimensions."""
    layers = model.config.num_hidden_layers
    pairs = [f"{layer}.{kind}" for layer in range(layers) for kind in ("key", "value")]
    inputs = ["input_ids", "attention_mask"] + ["position_ids"] * places
    axes = {"input_ids": {0: "batch_size", 1: "sequence_length"},
            "attention_mask": {0: "batch_size", 1: "past_sequence_length + sequence_length"},
            "position_ids": {0: "batch_size", 1: "sequence_length"},
            "logits": {0: "batch_size", 1: "sequence_length"}}
    for pair in pairs:
        axes[f"past_key_values.{pair}"] = {0: "batch_size", 2: "past_sequence_length"}
        axes[f"present.{pair}"] = {0: "batch_size", 2: "past_sequence_length + sequence_length"}
    outputs = ["logits"] + [f"present.{pair}" for pair in pairs]
    inputs += [f"past_key_values.{pair}" for pair in pairs]
    return inputs, outputs, {name: axes[name] for name in inputs + outputs}


def example(model, places, batch, past, new):
    """Returns inputs of a shape for torch, in the signature's order."""
    config = model.config
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    size = config.hidden_size // config.num_attention_heads
    values = [torch.randint(0, config.vocab_size, (batch, new)),
              torch.ones(batch, past + new, dtype=torch.int64)]
    values += [torch.arange(past, past + new).repeat(batch, 1)] * places
    return values + [torch.randn(batch, heads, past, size)
                     for _ in range(2 * config.num_hidden_layers)]


def export(model, spec, file):
    """Exports a model to a file, with the exporter that optimum calls."""
    _, opset, places = spec
    inputs, outputs, axes = signature(model, places)
    values = example(model, places, 2, 3, 4)
    torch.onnx.export(WithPast(model, places).eval(), tuple(values), file, dynamo=False,
                      opset_version=opset, input_names=inputs, output_names=outputs,
                      dynamic_axes=axes)


def compare(exported, model, places, name):
    """Requires that the file computes what torch computes, in several shapes."""
    inputs, outputs, _ = signature(model, places)
    for batch, past, new in [(2, 3, 4), (1, 0, 5), (3, 6, 1), (1, 1, 1)]:
        values = example(model, places, batch, past, new)
        with torch.no_grad():
            got = WithPast(model, places)(*values)
        wanted = dict(zip(outputs, [value.numpy() for value in got]))
        feeds = {key: value.numpy() for key, value in zip(inputs, values)}
        make_fixtures.close(make_fixtures.run(exported, feeds), wanted, name)


def load_weights(model, filled, drawn):
    """Gives torch the numbers that fixtures.load() draws."""
    tensors = {tensor.name: tensor for tensor in filled.graph.initializer}
    for parameter, names in drawn.items():
        name, turned = names
        array = torch.from_numpy(onnx.numpy_helper.to_array(tensors[name]).copy())
        with torch.no_grad():
            dict(model.named_parameters())[parameter].copy_(array.T if turned else array)


def origins(model, exported):
    """Returns for each parameter the initializer that holds it, by its values."""
    found = {}
    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor)
              for tensor in exported.graph.initializer}
    for name, parameter in model.named_parameters():
        value = parameter.detach().numpy()
        for key, array in arrays.items():
            for turned in (False, True):
                other = array.T if turned else array
                if name not in found and other.shape == value.shape and \
                        np.array_equal(other, value):
                    found[name] = (key, turned)
        if name not in found:
            raise SystemExit(f"no initializer holds {name}")
    return found


def greedy(model, prompt):
    """Returns tokens, and the smallest lead of one, computed anew each step."""
    ids, lead = torch.from_numpy(prompt), np.inf
    with torch.no_grad():
        for _ in range(NEW):
            logits = model(input_ids=ids, use_cache=False).logits[:, -1]
            best = logits.topk(2).values
            lead = min(lead, float((best[:, 0] - best[:, 1]).min()))
            ids = torch.cat([ids, logits.argmax(-1, keepdim=True)], dim=1)
    return ids[:, prompt.shape[1]:].numpy(), lead


def make(name):
    """Makes one fixture."""
    spec = SPECS[name]
    torch.manual_seed(zlib.crc32(name.encode()))
    model = spec[0]().eval()
    drawn = make_fixtures.randomize(model)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "model.onnx")
        export(model, spec, file)
        exported = onnx.load(file)
    make_fixtures.scrub(exported)
    compare(exported, model, spec[2], name)
    make_fixtures.lift(exported)
    places = origins(model, exported)
    make_fixtures.empty(exported, drawn)
    path = os.path.join(fixtures.DECODERS, name)
    onnx.save(exported, path + ".onnx")
    load_weights(model, fixtures.load_decoder(name), places)
    prompt = fixtures.generator(name).integers(0, fixtures.VOCABULARY, (3, PROMPT))
    tokens, lead = greedy(model.double(), prompt)
    if lead < 1e-4:
        raise SystemExit(f"{name}: two tokens are as good, {lead}")
    np.savez_compressed(path + ".npz", prompt=prompt, tokens=tokens)
    print(f"{name}: {len(exported.graph.node)} nodes, {os.path.getsize(path + '.onnx')} bytes, "
          f"lead {lead:.3g}", flush=True)


def main(wanted):
    """Makes the named decoders, or all."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    os.makedirs(fixtures.DECODERS, exist_ok=True)
    for name in wanted or SPECS:
        make(name)


if __name__ == "__main__":
    main(sys.argv[1:])
