#!/usr/bin/env bash
# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# scripts/fuzz.sh [SECONDS]: builds the fuzzers with sanitizers and runs each
# for so long (60). What they find lies in build/fuzz/found.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
venv=build/venv/bin
corpus=build/fuzz/corpus found=build/fuzz/found

"$venv/cmake" --preset fuzz >/dev/null
nice ninja -C build/fuzz fuzzers
"$venv/python" tests/fuzz/seeds.py "$corpus"
mkdir -p "$found"

# fuzz NAME KIND: inputs of bounded size, memory and time.
fuzz() {
  echo "fuzz: $1 for $seconds s"
  nice "build/fuzz/bin/$1" -max_total_time="$seconds" -max_len=4096 \
    -timeout=20 -rss_limit_mb=3072 -print_final_stats=1 \
    -artifact_prefix="$found/$2-" -dict="$corpus/$2.dict" "$corpus/$2"
}
fuzz ManifestFuzzer manifest
fuzz ModelFuzzer model
