# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The house's rules: layers point one way, files stay small, names stay home."""

import os
import re
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# What a layer's sources may include of ours, besides its own folder.
LAYERS = {
    "runtime": set(),
    "dialects": {"dialects"},
    "passes": {"dialects", "passes"},
    "frontends": {"dialects", "frontends"},
    "compiler": {"dialects", "passes", "frontends", "compiler", "runtime"},
}
OURS = set(LAYERS)
SOURCE = (".cpp", ".h", ".c", ".hpp", ".td", ".py", ".sh", ".cmake", ".mlir")
FORMATTED = (".cpp", ".h", ".c", ".hpp")
FEATURES = re.compile(r"\b(avx\w*|amx\w*|sm_[0-9]+)\b")
LICENCE = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"


def includes(text):
    return re.findall(r'^\s*#include\s+"([^"]+)"', text, re.MULTILINE)


def layering(path, text):
    layer = path.split("/")[0]
    if layer not in LAYERS:
        return []
    allowed = LAYERS[layer] | {layer}
    return [f"{path} includes {name}" for name in includes(text)
            if name.split("/")[0] in OURS and name.split("/")[0] not in allowed]


def size(path, text):
    lines = text.count("\n")
    return [f"{path} has {lines} lines"] if lines >= 400 else []


def licence(path, text):
    if not text.strip() or LICENCE in text[:400]:
        return []
    return [f"{path} has no licence header"]


def features(path, text):
    """Features of processors are named where targets are described."""
    name = os.path.basename(path)
    if path.split("/")[0] not in ("dialects", "passes", "frontends", "compiler"):
        return []
    if name.startswith("Target") or "Intrinsic" in name:
        return []
    return [f"{path} names {match}" for match in sorted(set(FEATURES.findall(text)))]


def sources(root):
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True,
                            text=True, check=True).stdout.split()
    for path in listed:
        if path.endswith(SOURCE) or os.path.basename(path) == "CMakeLists.txt":
            with open(os.path.join(root, path), encoding="utf-8") as file:
                yield path, file.read()


class House(unittest.TestCase):
    def check(self, rule):
        found = [fault for path, text in sources(ROOT) for fault in rule(path, text)]
        self.assertEqual(found, [])

    def test_layers_point_one_way(self):
        self.check(layering)

    def test_files_stay_below_400_lines(self):
        self.check(size)

    def test_sources_carry_the_licence(self):
        self.check(licence)

    def test_formatting(self):
        listed = [path for path, _ in sources(ROOT) if path.endswith(FORMATTED)]
        done = subprocess.run(["/usr/lib/llvm-22/bin/clang-format", "--dry-run", "-Werror", *listed],
                              cwd=ROOT, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr[:2000])

    def test_features_stay_with_targets(self):
        self.check(features)


class RulesCatch(unittest.TestCase):
    """Each rule finds what it is for."""

    def test_layering(self):
        self.assertTrue(layering("dialects/a.cpp", '#include "passes/b.h"\n'))
        self.assertTrue(layering("runtime/a.cpp", '#include "dialects/b.h"\n'))
        self.assertFalse(layering("passes/a.cpp", '#include "dialects/b.h"\n'))

    def test_size(self):
        self.assertTrue(size("a.cpp", "\n" * 400))

    def test_licence(self):
        self.assertTrue(licence("a.cpp", "int x;\n"))

    def test_features(self):
        self.assertTrue(features("passes/a.cpp", 'has("avx2")'))
        self.assertFalse(features("compiler/Target.cpp", 'has("avx2")'))

    def test_sources_sees_files(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
            with open(os.path.join(folder, "a.cpp"), "w") as file:
                file.write("int x;\n")
            subprocess.run(["git", "add", "a.cpp"], cwd=folder, check=True)
            self.assertEqual([path for path, _ in sources(folder)], ["a.cpp"])


if __name__ == "__main__":
    unittest.main()
