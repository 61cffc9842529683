#include "probe_cli/detect/named_frame.h"

namespace cgoscope {
namespace {

template <typename IsWrapper>
const Frame* innermost(const std::vector<Frame>& stack, IsWrapper is_wrapper) {
  const Frame* outside_runtime = nullptr;
  for (const Frame& frame : stack) {
    if (is_runtime_function(frame.function)) continue;
    if (!is_wrapper(frame)) return &frame;
    if (!outside_runtime) outside_runtime = &frame;
  }
  return outside_runtime;
}

}  // namespace

const Frame* c_call_frame(const std::vector<Frame>& go_stack) {
  return innermost(go_stack, [](const Frame& frame) {
    return frame.file.ends_with("_cgo_gotypes.go") ||
           frame.function.find("._Cfunc_") != std::string::npos ||
           frame.function.find("._C2func_") != std::string::npos;
  });
}

const Frame* system_call_frame(const std::vector<Frame>& go_stack) {
  return innermost(go_stack, [](const Frame& frame) {
    const std::string package = go_package(frame.function);
    return package == "syscall" || package == "os" || package == "golang.org/x/sys/unix" ||
           package.starts_with("internal/") || package == "vendor/golang.org/x/sys/unix";
  });
}

const Frame* parking_frame(const std::vector<Frame>& stack) {
  return innermost(stack, [](const Frame& frame) {
    const std::string package = go_package(frame.function);
    return package == "sync" || package == "time" || package.starts_with("internal/");
  });
}

const Frame* timer_frame(const std::vector<Frame>& stack) {
  return innermost(stack, [](const Frame& frame) {
    const std::string package = go_package(frame.function);
    return package == "time" || package == "context";
  });
}

const Frame* yielding_line(const std::vector<Frame>& stack) {
  for (const Frame& frame : stack) {
    if (frame.function == "runtime.Gosched" || frame.function == "runtime.mcall") continue;
    return is_runtime_function(frame.function) ? nullptr : &frame;
  }
  return nullptr;
}

}  // namespace cgoscope
