# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# find_package(attune_runtime) gives attune::runtime, the shared library for C
# and C++, and attune::runtime_static, which needs a C++ linker.
include(CMakeFindDependencyMacro)
# The static library names threads. CMake can look for them in C alone.
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/attune_runtimeTargets.cmake)
