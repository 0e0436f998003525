/* Part of attune, under the Apache License v2.0 with LLVM Exceptions.
   SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

   Runs a compiled sentence encoder on one row of tokens:  embed MODEL.so */

#include "attune/attune.h"
#include <stdio.h>

static int failed(attune_status_t status) {
  if (!status)
    return 0;
  fprintf(stderr, "embed: %s\n", attune_status_message(status));
  attune_status_release(status);
  return 1;
}

int main(int argc, char **argv) {
  attune_model_t *model;
  attune_session_t *session;
  if (argc != 2)
    return fprintf(stderr, "usage: embed MODEL.so\n"), 2;
  if (failed(attune_model_open(argv[1], NULL, &model)) ||
      failed(attune_session_create(model, NULL, &session)))
    return 1;
  /* "a native binary that runs it", as the model's tokenizer has it */
  int64_t ids[] = {101, 1037, 3128, 12441, 2008, 3216, 2009, 102};
  int64_t mask[] = {1, 1, 1, 1, 1, 1, 1, 1}, kinds[8] = {0}, shape[] = {1, 8};
  int64_t *data[] = {ids, mask, kinds};
  DLTensor inputs[3];
  for (int i = 0; i < 3; ++i)
    inputs[i] =
        (DLTensor){data[i], {kDLCPU, 0}, 2, {kDLInt, 64, 1}, shape, NULL, 0};
  DLManagedTensor *embedding = NULL;
  if (failed(attune_session_run(session, inputs, 3, &embedding, 1)))
    return 1;
  const float *values = embedding->dl_tensor.data;
  printf("an embedding of %d numbers: %.4f %.4f %.4f ...\n",
         (int)embedding->dl_tensor.shape[1], values[0], values[1], values[2]);
  embedding->deleter(embedding);
  attune_session_release(session);
  attune_model_release(model);
  return 0;
}
