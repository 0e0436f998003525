# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Models to report on and to compare, and what a page must be."""

import html.parser
import os
import subprocess
import tempfile
import unittest

import numpy as np
import onnx
import onnx.parser

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ATTUNE = os.path.join(ROOT, "build", "bin", "attune")
TYPE = "tensor<1x2x9x4xf32>"


def attention(name, source, attributes=""):
    return f"""
  %{name} = attn.attention query(%{source} : {TYPE}) key(%{source} : {TYPE}) value(%{source} : {TYPE})
      attributes {{{attributes}scale = 0.5 : f64, capture_maps = []}} {{
    ^bb0(%s: f32):
      attn.yield %s : f32 }} -> {TYPE}"""


def signature(arguments="%x", result="y"):
    return f"""func.func @main({arguments}: {TYPE} {{attune.name = "{arguments[1:]}", attune.dims = ["", "", "", ""]}})
    -> ({TYPE} {{attune.name = "{result}", attune.dims = ["", "", "", ""]}}) {{"""


# Two layers, the second one causal.
LAYERS = f"""{signature()}
{attention("a", "x")}
{attention("b", "a", "mask = [affine_set<(i, j) : (i - j >= 0)>], ")}
  return %b : {TYPE}
}}"""


def layer(x, visible):
    """Softmax attention of `x` with itself, scale 0.5, over the keys that `visible` shows; f64."""
    scores = np.where(visible, x @ x.swapaxes(-1, -2) * 0.5, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ x


def dense_attention(name):
    """An ONNX file with attention of any length, its nodes called as `name` says."""
    model = onnx.parser.parse_model("""<ir_version: 10, opset_import: ["" : 21]>
        g (float[1,2,seq,8] x) => (float[1,2,seq,8] y, float[1,2,seq,8] z) {
          t = Transpose<perm=[0,1,3,2]>(x)
          s = MatMul(x, t)
          w = Softmax<axis=-1>(s)
          y = MatMul(w, x)
          z = Softmax<axis=1>(x)
        }""")
    for node in model.graph.node:
        node.name = name + node.op_type
    return model


class Page(html.parser.HTMLParser):
    """Reads a page; what is wrong with it is in `faults`."""

    VOID = {"meta", "br"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.faults, self.tags, self.words = [], [], [], []
        self.feed(text)
        self.close()
        self.text = " ".join(" ".join(self.words).split())
        self.faults += [f"<{tag}> stays open" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name == "src" or (name == "href" and not value.startswith("#")):
                self.faults.append(f"<{tag} {name}={value}>")
        if tag in ("script", "link", "iframe", "img", "base"):
            self.faults.append(f"<{tag}>")

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if "svg" not in self.open:
            self.faults.append(f"<{tag}/> outside of a picture")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    def count(self, tag, **attributes):
        return sum(found == tag and attributes.items() <= given.items() for found, given in self.tags)


class ReportTest(unittest.TestCase):
    """Each test has a folder; the tool runs in it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.mkdir(self.path("scratch"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        if isinstance(content, onnx.ModelProto):
            content = content.SerializeToString()
        if isinstance(content, str):
            content = content.encode()
        with open(self.path(name), "wb") as file:
            file.write(content)
        return name

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def page(self, name):
        page = Page(self.read(name).decode("utf-8"))
        self.assertEqual(page.faults, [])
        return page

    def call(self, *arguments):
        """Exit code, output, messages; temporary files must be gone."""
        done = subprocess.run([ATTUNE, *arguments], cwd=self.folder, capture_output=True, text=True,
                              timeout=120, check=False, env={**os.environ, "TMPDIR": self.path("scratch")})
        self.assertEqual(os.listdir(self.path("scratch")), [])
        self.assertEqual([name for name in os.listdir(self.folder) if name.endswith(".tmp")], [])
        return done.returncode, done.stdout, done.stderr

    def succeeds(self, *arguments):
        code, output, messages = self.call(*arguments)
        self.assertEqual(code, 0, messages)
        return output

    def fails(self, code, expected, *arguments):
        got, _, messages = self.call(*arguments)
        self.assertEqual(got, code, messages)
        self.assertIn(expected, messages)
