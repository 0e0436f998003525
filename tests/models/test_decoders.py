# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Decoders with past and present: state, and the text that they generate."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx
import onnxruntime

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "build", "python"))
import attune  # noqa: E402
import fixtures  # noqa: E402
import sampling  # noqa: E402

TOOL = os.environ.get("ATTUNE", os.path.join(ROOT, "build", "bin", "attune"))
NAMES = ("gpt2_past_ts17", "llama_past_ts18")
DRAWS = [dict(temperature=1.0, seed=3), dict(temperature=0.8, top_k=5, seed=2 ** 40 + 1),
         dict(temperature=1.3, top_p=0.7, seed=9), dict(temperature=1.0, min_p=0.3, seed=4),
         dict(temperature=0.9, top_k=20, top_p=0.9, min_p=0.05, seed=11)]


class Decoder:
    """A fixture: its file, its binary, and onnxruntime on the same file."""

    def __init__(self, name, folder):
        self.path = os.path.join(folder, name + ".onnx")
        onnx.save(fixtures.load_decoder(name), self.path)
        self.binary = attune.compile(self.path, options=("--state", "auto"))
        self.session = onnxruntime.InferenceSession(
            self.path, providers=["CPUExecutionProvider"])
        with np.load(os.path.join(fixtures.DECODERS, name + ".npz")) as file:
            self.prompt, self.tokens = file["prompt"], file["tokens"]
        self.model = attune.load(self.binary, threads=2)

    def feeds(self, ids, past):
        """Inputs other than the past for new ids."""
        batch, new = ids.shape
        known = {"input_ids": ids, "attention_mask": np.ones((batch, past + new), np.int64),
                 "position_ids": np.tile(np.arange(past, past + new), (batch, 1))}
        return {value.name: known[value.name] for value in self.model.inputs}

    def empty(self, batch):
        """A past without positions."""
        return {value.name: np.zeros((batch, value.shape[1], 0, value.shape[3]), np.float32)
                for value in self.session.get_inputs() if value.name.startswith("past")}

    def logits(self, ids):
        """What onnxruntime computes for all ids at once."""
        feeds = {**self.feeds(ids, 0), **self.empty(len(ids))}
        return self.session.run(["logits"], feeds)[0]

    def drive(self, ids, steps, pick):
        """Tokens that onnxruntime gives, fed with its own past."""
        names = [value.name for value in self.session.get_outputs()]
        past, cache, chosen = 0, self.empty(len(ids)), []
        for step in range(steps):
            got = dict(zip(names, self.session.run(names, {**self.feeds(ids, past), **cache})))
            past += ids.shape[1]
            ids = np.array([[pick(row, got["logits"][row, -1], past)] for row in range(len(ids))])
            chosen.append(ids)
            cache = {name.replace("present", "past_key_values"): got[name] for name in names[1:]}
        return np.concatenate(chosen, axis=1)


class Decoders(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.decoders = [Decoder(name, cls.folder.name) for name in NAMES]

    def each(self):
        for decoder in self.decoders:
            decoder.model.reset()
            yield decoder

    def test_state_is_no_input(self):
        for decoder in self.each():
            names = [value.name for value in decoder.model.inputs + decoder.model.outputs]
            self.assertFalse([name for name in names if name.startswith(("past", "present"))])
            self.assertEqual(len(decoder.model.manifest["state"]), 4)

    def test_attention_reads_the_state_where_it_lies(self):
        for decoder in self.each():
            raised = os.path.join(self.folder.name, "raised.mlir")
            subprocess.run([TOOL, "compile", decoder.path, "--state", "auto", "--emit", "raise",
                            "-o", raised], check=True)
            with open(raised, encoding="utf-8") as file:
                text = file.read()
            grown = re.findall(r"(%\w+) = kernel.append", text)
            read = re.findall(r"attn.attention query\(.*?\) key\((%\w+) .*?\) value\((%\w+) ", text)
            self.assertEqual(grown, [name for pair in read for name in pair])

    def test_greedy_text_is_that_of_torch(self):
        for decoder in self.each():
            got = decoder.model.generate(decoder.prompt, max_new=20)
            np.testing.assert_array_equal(got, decoder.tokens)

    def test_greedy_text_is_that_of_onnxruntime(self):
        for decoder in self.each():
            wanted = decoder.drive(decoder.prompt[:2, :4], 30, lambda _, z, __: z.argmax())
            got = decoder.model.generate(decoder.prompt[:2, :4], max_new=30)
            np.testing.assert_array_equal(got, wanted)

    def test_any_split_gives_the_logits_of_the_whole(self):
        ids = np.random.default_rng(5).integers(0, fixtures.VOCABULARY, (2, 24))
        for decoder in self.each():
            whole = decoder.model(**decoder.feeds(ids, 0))["logits"]
            np.testing.assert_allclose(whole, decoder.logits(ids), rtol=0, atol=2e-5)
            for split in ([1] * 24, [7, 7, 7, 3], [5, 19], [23, 1]):
                decoder.model.reset()
                parts, past = [], 0
                for count in split:
                    feeds = decoder.feeds(ids[:, past:past + count], past)
                    parts.append(decoder.model(**feeds)["logits"])
                    past += count
                    self.assertEqual(decoder.model.state_length, past)
                np.testing.assert_allclose(np.concatenate(parts, 1), whole, rtol=0, atol=1e-5)

    def test_prompts_in_chunks_give_the_same_text(self):
        for decoder in self.each():
            for chunk in (0, 1, 3, 512):
                got = decoder.model.generate(decoder.prompt, max_new=20, prefill_chunk=chunk)
                np.testing.assert_array_equal(got, decoder.tokens)

    def test_drawn_text_is_that_of_the_reference(self):
        for decoder in self.each():
            for draw in DRAWS:
                wanted = decoder.drive(decoder.prompt, 12, lambda row, z, at, draw=draw:
                                       sampling.pick(z, at, row, **draw))
                got = decoder.model.generate(decoder.prompt, max_new=12, **draw)
                np.testing.assert_array_equal(got, wanted, err_msg=str(draw))

    def test_penalties_are_those_of_the_reference(self):
        for decoder in self.each():
            seen = [list(row) for row in decoder.prompt]

            def pick(row, logits, _, seen=seen):
                seen[row].append(int(sampling.penalised(
                    logits, seen[row], 1.3, 0.2, 0.1).argmax()))
                return seen[row][-1]
            wanted = decoder.drive(decoder.prompt, 15, pick)
            got = decoder.model.generate(decoder.prompt, max_new=15, repetition_penalty=1.3,
                                         presence_penalty=0.2, frequency_penalty=0.1)
            np.testing.assert_array_equal(got, wanted)

    def test_text_does_not_depend_on_batch_or_threads(self):
        for decoder in self.each():
            draw = dict(max_new=15, temperature=1.0, top_p=0.95, seed=7)
            prompts = np.concatenate([decoder.prompt, decoder.prompt[:1]])
            whole = decoder.model.generate(prompts, sequences=[4, 0, 9, 2], **draw)
            single = attune.load(decoder.binary, threads=1)
            for row, sequence in enumerate([4, 0, 9, 2]):
                alone = single.generate(prompts[row:row + 1], sequences=[sequence], **draw)
                np.testing.assert_array_equal(alone[0], whole[row])
            self.assertFalse(np.array_equal(whole[0], whole[3]))

    def test_padded_prompts_give_their_own_text(self):
        for decoder in self.each():
            lengths = (7, 4, 1)
            ids, mask = decoder.prompt.copy(), np.ones_like(decoder.prompt)
            for row, length in enumerate(lengths):
                ids[row, :7 - length] = 60
                mask[row, :7 - length] = 0
            for draw in (dict(), dict(temperature=1.0, seed=5)):
                got = decoder.model.generate(ids, mask, max_new=10, **draw)
                for row, length in enumerate(lengths):
                    alone = decoder.model.generate(ids[row:row + 1, 7 - length:], max_new=10,
                                                   sequences=[row], **draw)
                    np.testing.assert_array_equal(got[row], alone[0])

    def test_rows_end_on_their_own(self):
        for decoder in self.each():
            text = decoder.tokens[0]
            end = int(text[4])
            first = list(text).index(end)
            got = decoder.model.generate(decoder.prompt, max_new=20, eos=end, pad=59)
            np.testing.assert_array_equal(got[0, :first + 1], text[:first + 1])
            self.assertTrue((got[0, first + 1:] == 59).all())
            for row in (1, 2):
                wanted = list(decoder.tokens[row])
                until = wanted.index(end) + 1 if end in wanted else got.shape[1]
                np.testing.assert_array_equal(got[row, :until], wanted[:until])

    def test_listeners_hear_every_token_and_end_rows(self):
        for decoder in self.each():
            heard = []
            got = decoder.model.generate(
                decoder.prompt, max_new=6, pad=-1,
                on_token=lambda row, token: heard.append((row, token)) or (
                    row == 1 and len([pair for pair in heard if pair[0] == 1]) == 2))
            self.assertEqual([token for row, token in heard if row == 0],
                             list(decoder.tokens[0, :6]))
            self.assertEqual(list(got[1]), list(decoder.tokens[1, :2]) + [-1] * 4)

            def fail(_, __):
                raise KeyError("heard")
            with self.assertRaises(KeyError):
                decoder.model.generate(decoder.prompt, max_new=6, on_token=fail)

    def test_no_token_is_wanted(self):
        for decoder in self.each():
            self.assertEqual(decoder.model.generate(decoder.prompt, max_new=0).shape, (3, 0))

    def test_a_full_state_ends_the_text(self):
        for decoder in self.each():
            for room, count in ((7, 1), (10, 4)):
                small = attune.load(decoder.binary, threads=1, state_capacity=room)
                got = small.generate(decoder.prompt, max_new=20)
                np.testing.assert_array_equal(got, decoder.tokens[:, :count])
                self.assertEqual(small.state_length, room)
            with self.assertRaisesRegex(attune.Error, "0 of at most 6 rows: 7 more do not fit"):
                attune.load(decoder.binary, state_capacity=6).generate(decoder.prompt)

    def test_another_batch_needs_a_reset(self):
        for decoder in self.each():
            decoder.model(**decoder.feeds(decoder.prompt[:2], 0))
            with self.assertRaisesRegex(attune.Error, "'batch_size' of 2, but got 3: reset"):
                decoder.model(**decoder.feeds(decoder.prompt[:3, :1], 7))
            self.assertEqual(decoder.model.state_length, 7)
            decoder.model.reset()
            decoder.model(**decoder.feeds(decoder.prompt[:3], 0))

    def test_a_failed_run_leaves_the_state(self):
        for decoder in self.each():
            ids = decoder.prompt[:1]
            decoder.model(**decoder.feeds(ids[:, :5], 0))
            with self.assertRaises(attune.Error):
                decoder.model(**decoder.feeds(np.array([[10 ** 6]]), 5))
            self.assertEqual(decoder.model.state_length, 5)
            got = decoder.model(**decoder.feeds(ids[:, 5:], 5))["logits"]
            np.testing.assert_allclose(got, decoder.logits(ids)[:, 5:], rtol=0, atol=2e-5)

    def test_without_state_steps_compute_everything_anew(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.onnx")
            onnx.save(fixtures.load("gpt2_hf_eager_dyn18"), path)
            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            ids = np.arange(10).reshape(2, 5)
            got = attune.load(attune.compile(path)).generate(ids, max_new=8)
            for _ in range(8):
                feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
                best = session.run(None, feeds)[0][:, -1].argmax(-1)
                ids = np.concatenate([ids, best[:, None]], 1)
            np.testing.assert_array_equal(got, ids[:, 5:])

    def tool(self, *arguments):
        return subprocess.run([TOOL, *arguments], capture_output=True, text=True, check=False)

    def test_the_tool_prints_tokens_as_they_come(self):
        for decoder in self.each():
            prompt = os.path.join(self.folder.name, "prompt.npz")
            result = os.path.join(self.folder.name, "result.npz")
            np.savez(prompt, input_ids=decoder.prompt)
            done = self.tool("run", decoder.binary, "--generate", "-i", prompt, "-o", result,
                             "--max-new", "5", "--capacity", "64")
            self.assertEqual(done.returncode, 0, done.stderr)
            lines = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
            self.assertEqual(lines, [(row, decoder.tokens[row, step])
                                     for step in range(5) for row in range(3)])
            with np.load(result) as file:
                np.testing.assert_array_equal(file["tokens"], decoder.tokens[:, :5])
                np.testing.assert_array_equal(
                    file["ids"], np.concatenate([decoder.prompt, decoder.tokens[:, :5]], 1))
            np.savez(prompt, input_ids=decoder.prompt[:1])
            draw = dict(max_new=20, temperature=0.9, top_k=12, top_p=0.9, min_p=0.01, seed=8)
            options = [word for key, value in draw.items()
                       for word in ("--" + key.replace("_", "-"), str(value))]
            done = self.tool("run", decoder.binary, "--generate", "-i", prompt, *options)
            wanted = decoder.model.generate(decoder.prompt[:1], **draw)[0]
            self.assertEqual(list(map(int, done.stdout.split())), list(wanted))

    def test_the_tool_says_what_is_wrong(self):
        binary = self.decoders[0].binary
        done = self.tool("run", binary, "--max-new", "5")
        self.assertEqual(done.returncode, 2)
        done = self.tool("run", binary, "--generate")
        self.assertEqual((done.returncode, "input_ids" in done.stderr), (1, True), done.stderr)
        with tempfile.TemporaryDirectory() as folder:
            path, out = os.path.join(folder, "m.onnx"), os.path.join(folder, "m.so")
            onnx.save(fixtures.load("gpt2_hf_eager_dyn18"), path)
            done = self.tool("compile", path, "-o", out, "--state", "auto")
            self.assertEqual(done.returncode, 1)
            self.assertIn("there is no state: requires inputs named", done.stderr)
            self.assertFalse(os.path.exists(out))

    def test_generation_says_what_it_lacks(self):
        plain = attune.compile(self.decoders[0].path, os.path.join(self.folder.name, "p.so"))
        model = attune.load(plain)
        with self.assertRaisesRegex(attune.Error, "past_key_values.0.key.*--state auto"):
            model.generate([[1, 2]])
        model = self.decoders[0].model
        for message, options in [("temperature", dict(temperature=-1)),
                                 ("top-p", dict(temperature=1, top_p=2)),
                                 ("top-k", dict(temperature=1, top_k=-1)),
                                 ("min-p", dict(min_p=float("nan"))),
                                 ("at least 0 new", dict(max_new=-1))]:
            with self.assertRaisesRegex(attune.Error, message):
                model.generate([[1, 2]], **options)
        with self.assertRaisesRegex(attune.Error, "zeros, then ones"):
            model.generate([[1, 2]], [[1, 0]])
        with self.assertRaisesRegex(attune.Error, "hides all"):
            model.generate([[1, 2]], [[0, 0]])


if __name__ == "__main__":
    unittest.main()
