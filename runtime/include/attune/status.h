// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The codes of failures, shared by the C API and by compiled artifacts.

#ifndef ATTUNE_STATUS_H
#define ATTUNE_STATUS_H

/// Values are stable: artifacts on disk contain them.
typedef enum attune_status_code {
  ATTUNE_OK = 0,
  /// An argument of a call is null, misaligned or otherwise unusable.
  ATTUNE_INVALID_ARGUMENT = 1,
  /// A file does not exist or must not be read.
  ATTUNE_NOT_FOUND = 2,
  /// The system failed to open, map or read a file.
  ATTUNE_IO_ERROR = 3,
  /// The file is no artifact of attune.
  ATTUNE_NOT_AN_ARTIFACT = 4,
  /// The file is an artifact, but truncated or changed.
  ATTUNE_DAMAGED = 5,
  /// The artifact was made for a newer or older runtime.
  ATTUNE_UNSUPPORTED_VERSION = 6,
  /// The artifact was made for another machine than this one.
  ATTUNE_UNSUPPORTED_TARGET = 7,
  /// A tensor has another element type than the signature says.
  ATTUNE_INVALID_TYPE = 8,
  /// A tensor has a shape that the signature or the model excludes.
  ATTUNE_INVALID_SHAPE = 9,
  /// An element has a value that the model excludes, such as an index.
  ATTUNE_INVALID_VALUE = 10,
  ATTUNE_OUT_OF_MEMORY = 11,
  /// attune_session_cancel() was called.
  ATTUNE_CANCELLED = 12,
  /// The session is running on another thread.
  ATTUNE_BUSY = 13,
  /// A bug of attune.
  ATTUNE_INTERNAL = 14
} attune_status_code;

#endif // ATTUNE_STATUS_H
