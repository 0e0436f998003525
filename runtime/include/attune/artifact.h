// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The contract between compiled artifacts and the runtime: what the compiler
// writes and the loader checks. Everything is little endian.
//
//   offset 0             ELF shared object, elf_size bytes
//   multiple of 4096     weights, each tensor at a multiple of 64
//   multiple of 8        manifest, JSON in UTF-8
//   last 96 bytes        attune_footer
//
// Gaps are zero. Offsets count from the start of the artifact. An artifact may
// follow other bytes of a file, such as a launcher: it then starts at a
// multiple of 4096 and the footer ends the file.
//
// Weights may lie in a sidecar beside the artifact instead: weights_offset is
// then 0, weights_size and weights_hash describe the sidecar, and the manifest
// names it: "weights": {"file": "NAME.weights", ...}, a plain file name.
//
// Manifest:
//   {"attune": 1, "name": "model", "producer": "attune 0.1.0",
//    "target": {"triple": "x86_64-unknown-linux-gnu",
//               "features": ["avx2", "fma"]},
//    "inputs": [{"name": "ids", "dtype": "i64", "shape": ["batch", 7]}],
//    "outputs": [{"name": "y", "dtype": "f32", "shape": ["batch", "?"]}],
//    "state": [{"input": 1, "output": 1, "axis": 0}],
//    "dims": {"batch": {"min": 1, "max": -1}},
//    "weights": {"count": 103, "bytes": 90000000}}
// state, which may be missing: inputs that the session keeps between runs, and
// outputs that continue them: the output is the input with new rows behind it
// along dimension 0, and both may be given the same memory. An output that
// gives what the attention of a layer computes has "layer": 0 and so on.
// features: LLVM's names of what the processor must have. dtype: f32 f64 f16
// bf16 i8 i16 i32 i64 u8 u16 u32 u64 i1, and f8e4m3fn f8e4m3fnuz f8e5m2
// f8e5m2fnuz f8e8m0fnu f6e2m3fn f6e3m2fn f4e2m1fn i4 u4 i2 u2; those of 8 bits
// and fewer take one byte an element, whose low bits they are. In DLPack floats
// have the codes of its version 1.1, integers their bits and one lane. A name
// in a shape means one size wherever it stands, "?" an unnamed size; max -1
// means no upper bound, a missing entry {"min": 0, "max": -1}.

#ifndef ATTUNE_ARTIFACT_H
#define ATTUNE_ARTIFACT_H

#include "attune/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ATTUNE_FOOTER_MAGIC "ATTUNE\0\1"
#define ATTUNE_FORMAT_VERSION 1
#define ATTUNE_ABI_VERSION 1
#define ATTUNE_SERVICES_VERSION 2
#define ATTUNE_WEIGHTS_ALIGNMENT 4096
#define ATTUNE_TENSOR_ALIGNMENT 64
/// "ATTUNE\0\1" read as a little-endian integer.
#define ATTUNE_TABLE_MAGIC UINT64_C(0x0100454e55545441)
#define ATTUNE_ARTIFACT_SYMBOL "attune_artifact"

typedef struct attune_footer {
  char magic[8];
  uint64_t format_version;
  uint64_t elf_size;
  uint64_t weights_offset;
  uint64_t weights_size;
  uint64_t manifest_offset;
  uint64_t manifest_size;
  /// Of the bytes [0, elf_size) followed by those of the manifest.
  uint64_t code_hash;
  uint64_t weights_hash;
  uint64_t abi_version;
  /// All of the artifact, the footer included.
  uint64_t artifact_size;
  /// Of the bytes of the footer before this field.
  uint64_t footer_hash;
} attune_footer;

/// What the runtime offers to a run. Valid until `run` returns.
typedef struct attune_services {
  /// ATTUNE_SERVICES_VERSION; later versions only append fields.
  uint32_t version;
  uint32_t reserved;
  /// First argument of every function below.
  void *context;
  /// Returns `bytes` of scratch memory, aligned to 64, contents undefined,
  /// owned by the runtime and valid during the run. Null: out of memory, which
  /// is then recorded, and `run` returns ATTUNE_OUT_OF_MEMORY.
  void *(*workspace)(void *context, int64_t bytes);
  /// Returns where output `index` of the given shape goes. Call once an output.
  /// Null: the failure is recorded and `run` returns a code other than 0.
  void *(*output)(void *context, int32_t index, int32_t rank,
                  const int64_t *shape);
  /// Runs `body` over disjoint ranges that cover [0, count), each but the last
  /// a multiple of `grain` long, on any thread, and returns when all have run.
  /// The ranges depend on count, grain and the number of threads alone. To be
  /// called by one thread at a time; inside a body it runs in line.
  void (*parallel_for)(void *context,
                       void (*body)(void *captures, int64_t begin, int64_t end),
                       void *captures, int64_t count, int64_t grain);
  /// Records a failure, an attune_status_code and a message that is copied; the
  /// first one stays. A run with a recorded failure fails whatever it returns.
  /// May be called from any body.
  void (*fail)(void *context, int32_t code, const char *message);
  /// Not 0 once the run should end, because it was cancelled or has failed. To
  /// be asked between kernels; `run` may then return any code other than 0.
  int32_t (*stopped)(void *context);

  // Since version 2: memory of loops.

  /// Where the scratch memory handed out so far ends.
  int64_t (*mark)(void *context);
  /// Takes back all scratch memory handed out since `mark` gave `place`.
  void (*release)(void *context, int64_t place);
  /// Returns memory for a value that a loop carries on, of a size that changes:
  /// `bytes` bytes, aligned to 64, contents undefined. What the call before
  /// gave for the same `slot` stays as it is until the next one; no release
  /// takes it back. Null: as for workspace.
  void *(*grow)(void *context, int32_t slot, int64_t bytes);
} attune_services;

/// Row-major without gaps; aligned to its element only.
typedef struct attune_argument {
  void *data;
  const int64_t *shape;
} attune_argument;

/// The one exported symbol, ATTUNE_ARTIFACT_SYMBOL.
typedef struct attune_artifact_table {
  /// ATTUNE_TABLE_MAGIC.
  uint64_t magic;
  uint32_t abi_version;
  /// sizeof(attune_artifact_table); later versions only append fields.
  uint32_t table_size;
  /// Runs the model. `inputs` are in the order of the manifest, and number,
  /// types, ranks, fixed sizes, equal names, ranges and the sizes in bytes were
  /// checked before. Returns 0, or a code whose message went through `fail`.
  int32_t (*run)(const attune_services *services, const void *weights,
                 const attune_argument *inputs);
} attune_artifact_table;

#ifdef __cplusplus
} // extern "C"
static_assert(sizeof(attune_footer) == 96, "the footer is 96 bytes on disk");
#endif

#endif // ATTUNE_ARTIFACT_H
