# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Finds the ONNX C++ library that the set-up built and Debian's protobuf.
find_package(Protobuf REQUIRED)
find_package(ONNX REQUIRED CONFIG
             PATHS ${PROJECT_SOURCE_DIR}/build/deps/onnx NO_DEFAULT_PATH)
