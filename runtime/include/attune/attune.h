// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C API: opens compiled models and runs them.
//
//   attune_model_t *model;          the artifact, its weights mapped once
//   attune_session_t *session;      state, scratch memory and threads of runs
//
// Models are immutable and may be used by any number of threads. A session
// runs on one thread at a time; run several sessions of one model for
// concurrency, they share the weights.
//
// Every function that can fail returns an attune_status_t: null is success,
// anything else is owned by the caller and goes to attune_status_release().
// Results ("outputs last") are written on success only. No exception, signal
// or abort crosses this interface for a file that is damaged or a tensor that
// does not fit. An artifact is code, though: open those you trust.

#ifndef ATTUNE_H
#define ATTUNE_H

#include "attune/status.h"

#include <dlpack/dlpack.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define ATTUNE_API __attribute__((visibility("default")))
#else
#define ATTUNE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// DLPack's code of booleans, one byte an element; older headers lack it.
#define ATTUNE_DL_BOOL 6

typedef struct attune_status *attune_status_t;
typedef struct attune_model attune_model_t;
typedef struct attune_session attune_session_t;

//===-- Status ------------------------------------------------------------===//

/// ATTUNE_OK for null.
ATTUNE_API attune_status_code attune_status_get_code(attune_status_t status);
/// One line, lower case; "" for null. Valid until the release.
ATTUNE_API const char *attune_status_message(attune_status_t status);
/// Null is allowed.
ATTUNE_API void attune_status_release(attune_status_t status);

/// "0.1.0".
ATTUNE_API const char *attune_version(void);

//===-- Models ------------------------------------------------------------===//

typedef struct attune_model_options {
  /// sizeof(attune_model_options_t): lets later versions append fields.
  size_t struct_size;
  /// Not 0: trust the weights instead of reading all of them at open.
  int32_t skip_weights_hash;
} attune_model_options_t;
#define ATTUNE_MODEL_OPTIONS_INIT {sizeof(attune_model_options_t), 0}

/// Opens the artifact at `path`, checks it whole and only then loads its code.
/// Null options are the defaults. The caller owns the new model; the file may
/// be replaced by rename meanwhile, but must not be changed in place.
ATTUNE_API attune_status_t
attune_model_open(const char *path, const attune_model_options_t *options,
                  attune_model_t **model);
ATTUNE_API void attune_model_retain(attune_model_t *model);
/// Sessions hold their model, so the order of releases is free. Null is
/// allowed.
ATTUNE_API void attune_model_release(attune_model_t *model);

typedef struct attune_dim {
  /// Null unless the size is dynamic and has a name. Equal names in one model
  /// mean equal sizes.
  const char *name;
  /// The static size, or -1.
  int64_t size;
  /// Bounds of a dynamic size; max is -1 for none.
  int64_t min, max;
} attune_dim_t;

typedef struct attune_value_info {
  const char *name;
  /// "f32", "bf16", "i1", ...
  const char *dtype_name;
  DLDataType dtype;
  int32_t rank;
  const attune_dim_t *dims;
} attune_value_info_t;

ATTUNE_API size_t attune_model_input_count(const attune_model_t *model);
ATTUNE_API size_t attune_model_output_count(const attune_model_t *model);
/// Describes an input or output; what `info` points at belongs to the model.
ATTUNE_API attune_status_t attune_model_input(const attune_model_t *model,
                                              size_t index,
                                              attune_value_info_t *info);
ATTUNE_API attune_status_t attune_model_output(const attune_model_t *model,
                                               size_t index,
                                               attune_value_info_t *info);
/// The manifest that the compiler wrote, JSON; belongs to the model.
ATTUNE_API const char *attune_model_manifest(const attune_model_t *model);

/// What sessions of the model keep between runs: none of the inputs and outputs
/// above. The first dimension counts the rows, one for each position.
ATTUNE_API size_t attune_model_state_count(const attune_model_t *model);
ATTUNE_API attune_status_t attune_model_state(const attune_model_t *model,
                                              size_t index,
                                              attune_value_info_t *info);

typedef struct attune_model_sizes {
  uint64_t code_bytes, weights_bytes, artifact_bytes;
  uint64_t code_hash, weights_hash;
} attune_model_sizes_t;
ATTUNE_API void attune_model_get_sizes(const attune_model_t *model,
                                       attune_model_sizes_t *sizes);

//===-- Sessions ----------------------------------------------------------===//

/// Calls body(captures, begin, end) for disjoint ranges that cover [0, count),
/// each but the last a multiple of `grain` long, on any thread, and returns
/// when all have run. Must not throw.
typedef void (*attune_parallel_for_t)(
    void *context, void (*body)(void *captures, int64_t begin, int64_t end),
    void *captures, int64_t count, int64_t grain);

/// Scratch memory and outputs come from here. `allocate` returns null when out
/// of memory; `deallocate` gets the size that was asked for. Both are called
/// from threads that run sessions or delete outputs, and must not throw.
typedef struct attune_allocator {
  void *context;
  void *(*allocate)(void *context, size_t bytes, size_t alignment);
  void (*deallocate)(void *context, void *data, size_t bytes);
} attune_allocator_t;

typedef struct attune_session_options {
  /// sizeof(attune_session_options_t).
  size_t struct_size;
  /// Threads of a run, the caller's included; 0: one for each processor that
  /// the process may use. Ignored with `parallel_for`.
  int32_t threads;
  /// Null: the session's own pool of threads.
  attune_parallel_for_t parallel_for;
  void *parallel_for_context;
  /// Null: the system's memory. Copied; its context must outlive the session
  /// and every output.
  const attune_allocator_t *allocator;
  /// Rows that the state may have, which then gets all of its memory at once; a
  /// run that needs more fails. 0: no bound, memory doubles when it is full.
  int64_t state_capacity;
} attune_session_options_t;
#define ATTUNE_SESSION_OPTIONS_INIT                                            \
  {sizeof(attune_session_options_t), 0, NULL, NULL, NULL, 0}

/// Makes a session; null options are the defaults. The caller owns it. Opening
/// is cheap: scratch memory and threads come with the first run.
ATTUNE_API attune_status_t attune_session_create(
    attune_model_t *model, const attune_session_options_t *options,
    attune_session_t **session);
ATTUNE_API void attune_session_retain(attune_session_t *session);
/// Null is allowed. The last release must not overlap a run.
ATTUNE_API void attune_session_release(attune_session_t *session);

/// Runs the model once.
///
/// `inputs`: one tensor for each input, in the model's order, in CPU memory,
/// row-major without gaps (strides may be null) and aligned to the element.
/// Only read, and only during the call.
///
/// `outputs`: one entry for each output. An entry that is null gets a new
/// tensor from the session's allocator, aligned to 64, which the caller frees
/// by `tensor->deleter(tensor)`. Any other entry is the caller's tensor, under
/// the same rules as inputs, not overlapping one, whose shape must be what the
/// model computes; it stays the caller's.
///
/// A model with state reads the session's and puts new rows behind it. A run
/// that fails or is cancelled leaves the state as it was.
///
/// After a failure null entries are still null and the contents of the
/// caller's own tensors are unspecified.
ATTUNE_API attune_status_t attune_session_run(attune_session_t *session,
                                              const DLTensor *inputs,
                                              size_t input_count,
                                              DLManagedTensor **outputs,
                                              size_t output_count);

/// Empties the state, if the model has any; its memory is kept. ATTUNE_BUSY
/// during a run.
ATTUNE_API attune_status_t attune_session_reset(attune_session_t *session);
/// Rows of the state: positions that runs have passed since the start or the
/// last reset. 0 for a model without state.
ATTUNE_API int64_t attune_session_state_length(const attune_session_t *session);

/// Makes the run in progress, if there is one, end early with
/// ATTUNE_CANCELLED, at the next point where the model asks. Callable from any
/// thread and from signal handlers.
ATTUNE_API void attune_session_cancel(attune_session_t *session);

//===-- Generation --------------------------------------------------------===//

/// How a token is picked by its logits, in this order: biases, penalties on
/// tokens seen before (in the prompt too), temperature, top-k, top-p, min-p;
/// then one is drawn. The draw depends on seed, position and sequence alone:
/// the first word of Philox-4x32-10 with the counter (position, sequence, 0, 0)
/// and the key `seed`.
typedef struct attune_sampling {
  /// sizeof(attune_sampling_t).
  size_t struct_size;
  /// 0: the likeliest token, the lowest one of several.
  double temperature;
  /// Only the best so many; 0: all.
  int64_t top_k;
  /// Only the fewest tokens that have this share; at least one. 1: all.
  double top_p;
  /// Only tokens of at least this share of the best one's.
  double min_p;
  /// Logits above 0 of tokens seen are divided by it, others multiplied.
  double repetition_penalty;
  /// Taken off the logit of tokens seen, once or for each time.
  double presence_penalty, frequency_penalty;
  uint64_t seed;
  /// Added to the logits of some tokens.
  const int64_t *bias_tokens;
  const double *biases;
  size_t bias_count;
} attune_sampling_t;
#define ATTUNE_SAMPLING_INIT                                                   \
  {sizeof(attune_sampling_t), 0, 0, 1, 0, 1, 0, 0, 0, NULL, NULL, 0}

/// Picks a token for place `position` of `sequence`; null options take the
/// likeliest. `seen` are the tokens before it. ATTUNE_INVALID_VALUE if a logit
/// is NaN or infinity, or all are -infinity.
ATTUNE_API attune_status_t attune_sample(const attune_sampling_t *options,
                                         const float *logits, size_t count,
                                         const int64_t *seen, size_t seen_count,
                                         uint32_t position, uint32_t sequence,
                                         int64_t *token);

typedef struct attune_generation {
  /// sizeof(attune_generation_t).
  size_t struct_size;
  attune_sampling_t sampling;
  /// A row ends after so many new tokens, or with one of `eos`, or when the
  /// state is full.
  int64_t max_new;
  const int64_t *eos;
  size_t eos_count;
  /// Stands behind rows that have ended.
  int64_t pad;
  /// Tokens of a prompt that run at once; 0: all.
  int64_t prefill_chunk;
  /// One for each row; null: 0, 1, ... Equal prompts of equal sequences give
  /// equal text, whatever stands in other rows.
  const uint32_t *sequences;
  /// Null, or is told of each token when it is picked; not 0 ends the row.
  int32_t (*on_token)(void *context, size_t row, int64_t token);
  void *context;
} attune_generation_t;
#define ATTUNE_GENERATION_INIT                                                 \
  {sizeof(attune_generation_t),                                                \
   ATTUNE_SAMPLING_INIT,                                                       \
   64,                                                                         \
   NULL,                                                                       \
   0,                                                                          \
   0,                                                                          \
   512,                                                                        \
   NULL,                                                                       \
   NULL,                                                                       \
   NULL}

/// Continues prompts. The model takes `input_ids` and perhaps `attention_mask`,
/// `position_ids` and `cache_position`, and gives `logits`. With state, the
/// session is reset first and keeps the state of the rows; without, each step
/// computes everything anew.
///
/// `ids`: rows of tokens, i64 or i32 [rows, length]. `mask` of the same shape,
/// or null: prompts of several lengths are padded on the left, 0 marks padding.
/// `tokens` gets the new tokens, i64 [rows, longest], padded behind; the caller
/// frees it by its deleter. attune_session_cancel() ends the generation.
ATTUNE_API attune_status_t attune_session_generate(
    attune_session_t *session, const attune_generation_t *options,
    const DLTensor *ids, const DLTensor *mask, DLManagedTensor **tokens);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // ATTUNE_H
