// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "attune/artifact.h"
#include "attune/hash.h"
#include "compiler/Emit.h"
#include "compiler/Output.h"
#include "dialects/kernel/Kernel.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace attune {
namespace {

/// Writes to a file and hashes what it writes.
class Writer {
public:
  explicit Writer(raw_ostream &stream) : stream(stream) {}

  void write(const void *data, size_t size) {
    stream.write(static_cast<const char *>(data), size);
    hash.update(data, size);
    written += size;
  }
  void pad(uint64_t to) {
    static constexpr char zeros[64] = {};
    while (written < to)
      write(zeros, std::min<uint64_t>(sizeof(zeros), to - written));
  }

  Hasher hash;
  uint64_t written = 0;

private:
  raw_ostream &stream;
};

} // namespace

/// `stored`, permuted and packed as `weight` asks.
static void writeWeight(kernel::WeightOp weight, StringRef stored,
                        Writer &writer) {
  auto type = mlir::cast<mlir::RankedTensorType>(weight.getStored());
  size_t item = (type.getElementTypeBitWidth() + 7) / 8;
  SmallVector<int64_t> permutation =
      llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  if (weight.getPermutation())
    permutation.assign(weight.getPermutation()->begin(),
                       weight.getPermutation()->end());
  if (is_sorted(permutation) && !weight.getPanel())
    return writer.write(stored.data(), stored.size());
  SmallVector<int64_t> strides(type.getRank(), 1), shape, steps;
  for (int64_t dim = type.getRank() - 1; dim > 0; --dim)
    strides[dim - 1] = strides[dim] * type.getDimSize(dim);
  for (int64_t from : permutation) {
    shape.push_back(type.getDimSize(from));
    steps.push_back(strides[from]);
  }
  auto at = [&](int64_t element) { return stored.data() + element * item; };
  if (std::optional<uint64_t> panel = weight.getPanel()) {
    std::string row(*panel * item, '\0');
    for (int64_t first = 0; first < shape[1]; first += *panel)
      for (int64_t k = 0; k < shape[0]; ++k) {
        int64_t count = std::min<int64_t>(*panel, shape[1] - first);
        std::fill(row.begin(), row.end(), '\0');
        for (int64_t n = 0; n < count; ++n)
          std::memcpy(&row[n * item], at(k * steps[0] + (first + n) * steps[1]),
                      item);
        writer.write(row.data(), row.size());
      }
    return;
  }
  SmallVector<int64_t> index(shape.size());
  for (int64_t left = type.getNumElements(); left > 0; --left) {
    int64_t element = 0;
    for (auto [position, step] : llvm::zip(index, steps))
      element += position * step;
    writer.write(at(element), item);
    for (size_t dim = shape.size(); dim-- > 0;) {
      if (++index[dim] < shape[dim])
        break;
      index[dim] = 0;
    }
  }
}

/// Maps what a weight names: a range of a plain file that holds all of it.
static Expected<std::unique_ptr<MemoryBuffer>>
readWeight(kernel::WeightOp weight) {
  auto fail = [&](const Twine &reason) {
    return createStringError("cannot read weight '" + weight.getSymName() +
                             "' from '" + weight.getFile() + "': " + reason);
  };
  sys::fs::file_status status;
  if (std::error_code code = sys::fs::status(weight.getFile(), status))
    return fail(code.message());
  if (!sys::fs::is_regular_file(status))
    return fail("it is not a regular file");
  uint64_t offset = weight.getOffset(), size = weight.getSize();
  if (offset > status.getSize() || size > status.getSize() - offset)
    return fail("requires " + Twine(size) + " bytes at offset " +
                Twine(offset) + ", but the file has " +
                Twine(status.getSize()));
  ErrorOr<std::unique_ptr<MemoryBuffer>> file =
      MemoryBuffer::getFileSlice(weight.getFile(), size, offset);
  if (!file)
    return fail(file.getError().message());
  if ((*file)->getBufferSize() != size)
    return fail("it became shorter");
  return std::move(*file);
}

static Error writeWeights(mlir::ModuleOp module, Writer &writer) {
  for (auto weight : module.getOps<kernel::WeightOp>()) {
    auto offset = weight->getAttrOfType<mlir::IntegerAttr>("artifact_offset");
    if (!offset)
      continue;
    writer.pad(offset.getInt());
    Expected<std::unique_ptr<MemoryBuffer>> file = readWeight(weight);
    if (!file)
      return file.takeError();
    writeWeight(weight, (*file)->getBuffer(), writer);
  }
  return Error::success();
}

Error appendTrailer(mlir::ModuleOp module, StringRef manifest, StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> object = MemoryBuffer::getFile(path);
  if (!object)
    return ioError(object.getError(), "cannot read '" + path + "'");
  attune_footer footer = {};
  std::memcpy(footer.magic, ATTUNE_FOOTER_MAGIC, 8);
  footer.format_version = ATTUNE_FORMAT_VERSION;
  footer.abi_version = ATTUNE_ABI_VERSION;
  footer.elf_size = (*object)->getBufferSize();
  Hasher code;
  code.update((*object)->getBufferStart(), footer.elf_size);
  code.update(manifest.data(), manifest.size());
  footer.code_hash = code.digest();

  std::error_code error;
  raw_fd_ostream stream(path, error, sys::fs::CD_OpenExisting,
                        sys::fs::FA_Write, sys::fs::OF_Append);
  if (error)
    return ioError(error, "cannot write '" + path + "'");
  footer.weights_offset = alignTo(footer.elf_size, ATTUNE_WEIGHTS_ALIGNMENT);
  stream.write_zeros(footer.weights_offset - footer.elf_size);
  Writer writer(stream);
  if (Error failure = writeWeights(module, writer))
    return joinErrors(std::move(failure), finishWriting(stream, path));
  writer.pad(alignTo(writer.written, 8));
  footer.weights_size = writer.written;
  footer.weights_hash = writer.hash.digest();
  footer.manifest_offset = footer.weights_offset + footer.weights_size;
  footer.manifest_size = manifest.size();
  footer.artifact_size =
      footer.manifest_offset + footer.manifest_size + sizeof(footer);
  Hasher own;
  own.update(&footer, offsetof(attune_footer, footer_hash));
  footer.footer_hash = own.digest();
  stream << manifest;
  stream.write(reinterpret_cast<const char *>(&footer), sizeof(footer));
  return finishWriting(stream, path);
}

} // namespace attune
