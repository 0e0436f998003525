// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runtime's C API for Python: what attune/model.py makes pleasant.

#include "attune/attune.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;

namespace {

using Array = nb::ndarray<nb::ro, nb::device::cpu>;

/// A status of the runtime on its way to Python.
struct StatusError : std::runtime_error {
  StatusError(attune_status_code code, const char *message)
      : std::runtime_error(message), code(code) {}
  attune_status_code code;
};

void check(attune_status_t status) {
  if (!status)
    return;
  StatusError error(attune_status_get_code(status),
                    attune_status_message(status));
  attune_status_release(status);
  throw error;
}

/// Whether NumPy lacks the type: bfloat16, float8 and less, integers of less
/// than a byte.
bool isRaw(DLDataType dtype) {
  return dtype.code == kDLBfloat || dtype.code > ATTUNE_DL_BOOL ||
         dtype.bits < 8;
}

/// Gives the memory of an output to Python: an array that frees it.
nb::object adopt(DLManagedTensor *managed) {
  nb::capsule owner(managed, [](void *tensor) noexcept {
    auto *held = static_cast<DLManagedTensor *>(tensor);
    held->deleter(held);
  });
  const DLTensor &tensor = managed->dl_tensor;
  std::vector<size_t> shape(tensor.shape, tensor.shape + tensor.ndim);
  // NumPy has no bfloat16, nor types of less than a byte: Python's side gives
  // the raw items their type.
  bool raw = isRaw(tensor.dtype);
  nb::dlpack::dtype dtype{raw ? uint8_t(kDLUInt) : tensor.dtype.code,
                          raw ? uint8_t(tensor.dtype.bits <= 8 ? 8 : 16)
                              : tensor.dtype.bits,
                          tensor.dtype.lanes};
  return nb::cast(nb::ndarray<nb::numpy>(tensor.data, shape.size(),
                                         shape.data(), owner, nullptr, dtype));
}

using Tokens =
    nb::ndarray<const int64_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

DLTensor view(const Tokens &array, std::vector<int64_t> &shape) {
  shape = {static_cast<int64_t>(array.shape(0)),
           static_cast<int64_t>(array.shape(1))};
  DLTensor tensor = {};
  tensor.data = const_cast<int64_t *>(array.data());
  tensor.device = {kDLCPU, 0};
  tensor.ndim = 2;
  tensor.dtype = {kDLInt, 64, 1};
  tensor.shape = shape.data();
  return tensor;
}

/// Hands tokens to a function of Python; its exception ends all rows.
struct Listener {
  nb::object function;
  std::exception_ptr error;

  static int32_t call(void *self, size_t row, int64_t token) {
    auto &listener = *static_cast<Listener *>(self);
    if (listener.error)
      return 1;
    nb::gil_scoped_acquire lock;
    try {
      return nb::cast<bool>(nb::bool_(listener.function(row, token)));
    } catch (...) {
      listener.error = std::current_exception();
      return 1;
    }
  }
};

class Model {
public:
  Model(const std::string &path, int threads, bool checkWeights,
        int64_t stateCapacity) {
    attune_model_options_t options = ATTUNE_MODEL_OPTIONS_INIT;
    options.skip_weights_hash = !checkWeights;
    check(attune_model_open(path.c_str(), &options, &model));
    attune_session_options_t sessionOptions = ATTUNE_SESSION_OPTIONS_INIT;
    sessionOptions.threads = threads;
    sessionOptions.state_capacity = stateCapacity;
    attune_status_t status =
        attune_session_create(model, &sessionOptions, &session);
    if (status)
      attune_model_release(model);
    check(status);
  }
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;
  ~Model() {
    attune_session_release(session);
    attune_model_release(model);
  }

  std::string manifest() const { return attune_model_manifest(model); }

  nb::list describe(bool inputs) const {
    nb::list values;
    size_t count = inputs ? attune_model_input_count(model)
                          : attune_model_output_count(model);
    for (size_t i = 0; i < count; ++i) {
      attune_value_info_t info;
      check(inputs ? attune_model_input(model, i, &info)
                   : attune_model_output(model, i, &info));
      nb::list shape;
      for (int32_t dim = 0; dim < info.rank; ++dim) {
        const attune_dim_t &size = info.dims[dim];
        if (size.size >= 0)
          shape.append(size.size);
        else if (size.name)
          shape.append(nb::str(size.name));
        else
          shape.append(nb::none());
      }
      values.append(
          nb::make_tuple(info.name, info.dtype_name, nb::tuple(shape)));
    }
    return values;
  }

  /// `raw` tells which arrays have their input's type, one that NumPy lacks, in
  /// the guise of unsigned integers.
  nb::list run(const std::vector<Array> &arrays, const std::vector<bool> &raw) {
    std::vector<std::vector<int64_t>> shapes, strides;
    std::vector<DLTensor> inputs;
    for (const Array &array : arrays) {
      std::vector<int64_t> &shape = shapes.emplace_back();
      std::vector<int64_t> &stride = strides.emplace_back();
      for (size_t dim = 0; dim < array.ndim(); ++dim) {
        shape.push_back(static_cast<int64_t>(array.shape(dim)));
        stride.push_back(array.stride(dim));
      }
      DLTensor tensor = {};
      tensor.data = const_cast<void *>(array.data());
      tensor.device = {kDLCPU, 0};
      tensor.ndim = static_cast<int32_t>(array.ndim());
      tensor.dtype = {array.dtype().code, array.dtype().bits,
                      array.dtype().lanes};
      if (raw.at(inputs.size())) {
        attune_value_info_t info;
        check(attune_model_input(model, inputs.size(), &info));
        tensor.dtype = info.dtype;
      }
      inputs.push_back(tensor);
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
      inputs[i].shape = shapes[i].data();
      inputs[i].strides = strides[i].data();
    }
    std::vector<DLManagedTensor *> outputs(attune_model_output_count(model));
    attune_status_t status;
    {
      nb::gil_scoped_release others;
      status = attune_session_run(session, inputs.data(), inputs.size(),
                                  outputs.data(), outputs.size());
    }
    check(status);
    nb::list results;
    for (DLManagedTensor *output : outputs)
      results.append(adopt(output));
    return results;
  }

  void reset() { check(attune_session_reset(session)); }
  int64_t stateLength() const { return attune_session_state_length(session); }
  void cancel() { attune_session_cancel(session); }

  /// `numbers` as attune/model.py lists them; ids and mask are int64.
  nb::object generate(const Tokens &ids, const std::optional<Tokens> &mask,
                      const nb::dict &numbers, const std::vector<int64_t> &eos,
                      const std::vector<uint32_t> &sequences,
                      const nb::object &onToken) {
    attune_generation_t options = ATTUNE_GENERATION_INIT;
    attune_sampling_t &sampling = options.sampling;
    auto read = [&](const char *name, auto &value) {
      value = nb::cast<std::remove_reference_t<decltype(value)>>(numbers[name]);
    };
    read("temperature", sampling.temperature);
    read("top_k", sampling.top_k);
    read("top_p", sampling.top_p);
    read("min_p", sampling.min_p);
    read("repetition_penalty", sampling.repetition_penalty);
    read("presence_penalty", sampling.presence_penalty);
    read("frequency_penalty", sampling.frequency_penalty);
    read("seed", sampling.seed);
    read("max_new", options.max_new);
    read("pad", options.pad);
    read("prefill_chunk", options.prefill_chunk);
    options.eos = eos.data();
    options.eos_count = eos.size();
    options.sequences = sequences.empty() ? nullptr : sequences.data();
    Listener listener{onToken, {}};
    options.context = &listener;
    options.on_token = onToken.is_none() ? nullptr : Listener::call;
    std::vector<int64_t> shapes[2];
    DLTensor idsTensor = view(ids, shapes[0]), maskTensor = {};
    if (mask)
      maskTensor = view(*mask, shapes[1]);
    DLManagedTensor *tokens = nullptr;
    attune_status_t status;
    {
      nb::gil_scoped_release others;
      status = attune_session_generate(session, &options, &idsTensor,
                                       mask ? &maskTensor : nullptr, &tokens);
    }
    check(status);
    nb::object result = adopt(tokens);
    if (listener.error)
      std::rethrow_exception(listener.error);
    return result;
  }

private:
  attune_model_t *model = nullptr;
  attune_session_t *session = nullptr;
};

} // namespace

NB_MODULE(_runtime, module) {
  static nb::object errorType =
      nb::module_::import_("attune.compiler").attr("Error");
  nb::register_exception_translator(
      [](const std::exception_ptr &pointer, void *) {
        try {
          std::rethrow_exception(pointer);
        } catch (const StatusError &error) {
          nb::object value =
              errorType(nb::str(error.what()), static_cast<int>(error.code));
          PyErr_SetObject(errorType.ptr(), value.ptr());
        }
      });
  module.def("version", &attune_version);
  nb::class_<Model>(module, "Model")
      .def(nb::init<const std::string &, int, bool, int64_t>())
      .def("manifest", &Model::manifest)
      .def("describe", &Model::describe)
      .def("run", &Model::run)
      .def("reset", &Model::reset)
      .def("state_length", &Model::stateLength)
      .def("cancel", &Model::cancel)
      .def("generate", &Model::generate, nb::arg("ids"), nb::arg("mask").none(),
           nb::arg("numbers"), nb::arg("eos"), nb::arg("sequences"),
           nb::arg("on_token").none());
}
