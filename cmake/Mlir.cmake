# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Finds LLVM/MLIR 22 and says how a library on top of it is built.
find_package(MLIR 22.1 REQUIRED CONFIG
             PATHS /usr/lib/llvm-22/lib/cmake/mlir NO_DEFAULT_PATH)
find_package(LLD REQUIRED CONFIG
             PATHS /usr/lib/llvm-22/lib/cmake/lld NO_DEFAULT_PATH)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
# Where generated pages go: docs/ in the build folder.
set(MLIR_BINARY_DIR ${PROJECT_BINARY_DIR})
set(LLVM_RUNTIME_OUTPUT_INTDIR ${PROJECT_BINARY_DIR}/bin)
set(LLVM_LIBRARY_OUTPUT_INTDIR ${PROJECT_BINARY_DIR}/lib)
include(TableGen)
include(AddLLVM)
include(AddMLIR)
include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})

# What every library on MLIR shares. One precompiled header serves them all.
add_library(AttuneMlirOptions INTERFACE)
target_compile_options(AttuneMlirOptions INTERFACE -fno-exceptions
                       -Wno-deprecated-declarations
                       "SHELL:-Xclang -fno-pch-timestamp")
target_link_libraries(AttuneMlirOptions INTERFACE MLIR LLVM)

file(WRITE ${PROJECT_BINARY_DIR}/cmake/Precompiled.cpp "")
add_library(AttunePrecompiled OBJECT ${PROJECT_BINARY_DIR}/cmake/Precompiled.cpp)
target_link_libraries(AttunePrecompiled PRIVATE AttuneMlirOptions)
target_precompile_headers(AttunePrecompiled PRIVATE
  <mlir/IR/Builders.h> <mlir/IR/BuiltinOps.h> <mlir/IR/PatternMatch.h>
  <mlir/Pass/Pass.h> <mlir/Dialect/Arith/IR/Arith.h>
  <mlir/Dialect/Func/IR/FuncOps.h> <mlir/Dialect/Linalg/IR/Linalg.h>
  <mlir/Dialect/Math/IR/Math.h> <mlir/Dialect/MemRef/IR/MemRef.h>
  <mlir/Dialect/SCF/IR/SCF.h> <mlir/Dialect/Tensor/IR/Tensor.h>
  <mlir/Dialect/Vector/IR/VectorOps.h>
  <mlir/Transforms/GreedyPatternRewriteDriver.h>)

# attune_library(<name> <source>... [LINK <target>...] [DEPENDS <target>...])
# DEPENDS names the table-generation targets whose headers are included.
function(attune_library name)
  cmake_parse_arguments(ARG "" "" "LINK;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC AttuneMlirOptions ${ARG_LINK})
  target_precompile_headers(${name} REUSE_FROM AttunePrecompiled)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# attune_dialect(<Name> <mnemonic> [INTERFACES] [ENUMS] [ATTRIBUTES <Stem>])
# Generates <Name>Dialect, <Name>Ops and what the flags ask for in this folder.
function(attune_dialect name mnemonic)
  cmake_parse_arguments(ARG "INTERFACES;ENUMS" "ATTRIBUTES" "" ${ARGN})
  set(LLVM_TARGET_DEFINITIONS ${name}Ops.td)
  mlir_tablegen(${name}Ops.h.inc -gen-op-decls)
  mlir_tablegen(${name}Ops.cpp.inc -gen-op-defs)
  mlir_tablegen(${name}Dialect.h.inc -gen-dialect-decls -dialect=${mnemonic})
  mlir_tablegen(${name}Dialect.cpp.inc -gen-dialect-defs -dialect=${mnemonic})
  if(ARG_ENUMS)
    mlir_tablegen(${name}Enums.h.inc -gen-enum-decls)
    mlir_tablegen(${name}Enums.cpp.inc -gen-enum-defs)
  endif()
  if(ARG_ATTRIBUTES)
    mlir_tablegen(${name}Attrs.h.inc -gen-attrdef-decls
                  -attrdefs-dialect=${mnemonic})
    mlir_tablegen(${name}Attrs.cpp.inc -gen-attrdef-defs
                  -attrdefs-dialect=${mnemonic})
    set(LLVM_TARGET_DEFINITIONS ${ARG_ATTRIBUTES}.td)
    mlir_tablegen(${ARG_ATTRIBUTES}Interfaces.h.inc -gen-attr-interface-decls)
    mlir_tablegen(${ARG_ATTRIBUTES}Interfaces.cpp.inc -gen-attr-interface-defs)
  endif()
  if(ARG_INTERFACES)
    set(LLVM_TARGET_DEFINITIONS ${name}Interfaces.td)
    mlir_tablegen(${name}Interfaces.h.inc -gen-op-interface-decls)
    mlir_tablegen(${name}Interfaces.cpp.inc -gen-op-interface-defs)
  endif()
  add_public_tablegen_target(Attune${name}IncGen)
  set(LLVM_TARGET_DEFINITIONS ${name}Ops.td)
  add_mlir_doc(${name}Ops ${name}Dialect ./ -gen-dialect-doc -dialect=${mnemonic})
endfunction()
