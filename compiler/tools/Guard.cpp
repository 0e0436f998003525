// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tools/Guard.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <new>
#include <optional>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace attune {
namespace {

void say(const char *text) {
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, text, strlen(text));
}

/// Ends the process: what wants memory cannot go on, and may not ask for more.
[[noreturn]] void endForMemory() {
  say("attune: error: needs more memory than there is\n");
  _exit(static_cast<int>(CompileStatus::badModel));
}

[[noreturn]] void onFatalError(void *, const char *reason, bool) {
  say("attune: error: ");
  say(reason);
  say("\n");
  abort();
}

/// What a process needs before it compiles.
void prepare(bool quiet) {
  // Whoever waits for this process is gone: so is the reason to go on.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  rlimit core = {0, 0};
  setrlimit(RLIMIT_CORE, &core);
  // Deep expressions take deep recursions; the default is for small ones.
  rlimit stack;
  if (!getrlimit(RLIMIT_STACK, &stack)) {
    stack.rlim_cur = std::min<rlim_t>(stack.rlim_max, rlim_t(96) << 20);
    setrlimit(RLIMIT_STACK, &stack);
  }
  std::set_new_handler(endForMemory);
  llvm::install_bad_alloc_error_handler(
      [](void *, const char *, bool) { endForMemory(); });
  llvm::install_fatal_error_handler(onFatalError);
  if (quiet) {
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDERR_FILENO);
  }
  // Addresses are enough; to find their names takes seconds.
  setenv("LLVM_DISABLE_SYMBOLIZATION", "1", /*overwrite=*/0);
  llvm::sys::PrintStackTraceOnErrorSignal("attune",
                                          /*DisableCrashReporting=*/true);
  // LLVM takes these for crashes. A limit on files is an error of the write,
  // one on time is nobody's bug.
  signal(SIGXFSZ, SIG_IGN);
  signal(SIGXCPU, SIG_DFL);
}

/// Does something in a child. Its wait status, or -1 with no child.
int runChild(const std::function<int()> &work, bool quiet) {
  llvm::errs().flush();
  pid_t child = fork();
  if (child == 0) {
    prepare(quiet);
    int code = work();
    llvm::errs().flush();
    llvm::outs().flush();
    // What the process holds goes with it, faster than by destructors.
    _exit(code);
  }
  int status = 0;
  if (child < 0 || (waitpid(child, &status, 0) < 0 && errno != EINTR))
    return -1;
  return status;
}

int compileInChild(const CompileOptions &options, bool quiet) {
  return runChild([&] { return static_cast<int>(compileFile(options)); },
                  quiet);
}

/// Signals by which others end the tool.
bool isRequest(int number) {
  return number == SIGINT || number == SIGTERM || number == SIGHUP ||
         number == SIGQUIT || number == SIGPIPE;
}

void removeUnfinished(const Progress &progress) {
  if (progress.report[0])
    llvm::sys::fs::remove(progress.report);
  if (!progress.temporary[0])
    return;
  for (const char *ending : {"", ".o", ".libm", ".libm.o", ".lib", ".lib.o",
                             ".lib.libm", ".lib.libm.o"})
    llvm::sys::fs::remove(std::string(progress.temporary) + ending);
}

/// Writes what the compilation had before the stage that failed. The file's
/// name, or "" if there is none.
std::string reproduce(CompileOptions options, const std::string &stage) {
  if (stage == "import")
    return "";
  options.stopBefore = stage;
  options.emit = "lib";
  options.dumpDir.clear();
  options.report.clear();
  llvm::SmallString<128> folder;
  llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, folder);
  std::string name = options.output + ".bug.mlir";
  for (std::string path :
       {name, (folder + "/" + llvm::sys::path::filename(name)).str()}) {
    options.output = path;
    int status = compileInChild(options, /*quiet=*/true);
    if (status == 0)
      return path;
    removeUnfinished(*options.progress);
  }
  return "";
}

CompileStatus reportBug(const CompileOptions &options, const std::string &how) {
  std::string stage = options.progress->stage;
  llvm::errs() << "attune: error: attune itself failed in the stage '" << stage
               << "' (" << how << "): this is a bug of attune\n";
  std::string file = reproduce(options, stage);
  llvm::errs() << "attune: note: please report it with ";
  if (file.empty())
    llvm::errs() << "the model '" << options.model << "'\n";
  else
    llvm::errs() << "'" << file << "', the IR before that stage"
                 << (stage == "emit"
                         ? std::string()
                         : "; `attune-opt --attune-stages='start-at=" + stage +
                               " stop-after=" + stage + " cpu=" + options.cpu +
                               "'` repeats it")
                 << "\n";
  return CompileStatus::bug;
}

} // namespace

/// What a child that did not break down says; nothing of one that did. A
/// request to end ends this process, too.
static std::optional<CompileStatus> statusOf(int status) {
  if (status == -1) {
    llvm::errs() << "attune: error: cannot start a process: " << strerror(errno)
                 << "\n";
    return CompileStatus::badModel;
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) != 3)
    return static_cast<CompileStatus>(WEXITSTATUS(status));
  if (!WIFSIGNALED(status))
    return std::nullopt;
  int number = WTERMSIG(status);
  if (isRequest(number)) {
    signal(number, SIG_DFL);
    raise(number);
  }
  if (number != SIGKILL && number != SIGXCPU)
    return std::nullopt;
  llvm::errs() << "attune: error: the work was ended by the system: it takes "
                  "more memory or time than it may\n";
  return CompileStatus::badModel;
}

static std::string howItEnded(int status) {
  return WIFEXITED(status)
             ? "it gave no reason, or wrong IR"
             : std::string("signal ") + strsignal(WTERMSIG(status));
}

CompileStatus compileGuarded(CompileOptions options) {
  void *shared = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED)
    endForMemory();
  options.progress = new (shared) Progress;
  int status = compileInChild(options, /*quiet=*/false);
  removeUnfinished(*options.progress);
  if (std::optional<CompileStatus> known = statusOf(status))
    return *known;
  return reportBug(options, howItEnded(status));
}

CompileStatus workGuarded(const std::function<int()> &work) {
  int status = runChild(work, /*quiet=*/false);
  if (std::optional<CompileStatus> known = statusOf(status))
    return *known;
  llvm::errs() << "attune: error: attune itself failed (" << howItEnded(status)
               << "): this is a bug of attune\n";
  return CompileStatus::bug;
}

} // namespace attune
