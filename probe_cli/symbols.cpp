#include "probe_cli/symbols.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "probe_cli/go/address_references.h"
#include "probe_cli/go/closure.h"
#include "probe_cli/go/machine_code.h"
#include "probe_cli/go/unlocking.h"
#include "probe_cli/process/c_stack.h"

namespace cgoscope {
namespace {

constexpr size_t kMostRemembered = 65'536;

// With a slash; "" when it was removed.
std::string current_folder() {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::current_path(error);
  return error ? "" : path.string() + "/";
}

// These seem to be called by the instruction at which a signal came.
bool is_called_by_a_signal(std::string_view function) {
  return function == "runtime.asyncPreempt" || function == "runtime.sigpanic";
}

}  // namespace

Symbols::Symbols(const GoBinary& binary, uint64_t load_base)
    : binary_(binary), load_base_(load_base), folder_(current_folder()) {}

const std::vector<Frame>& Symbols::frames_at(uint64_t pc, bool is_return) {
  const uint64_t key = pc << 1 | static_cast<uint64_t>(is_return);
  const auto known = frames_.find(key);
  if (known != frames_.end()) return known->second;
  std::vector<Frame> frames = binary_.functions.frames_at(pc - load_base_, is_return);
  if (frames.empty()) {
    Frame frame;
    if (c_walker_ != nullptr) frame = c_walker_->frame_at(pc, is_return);
    if (frame.function.empty()) {
      const ElfSymbol* symbol = binary_.image->symbol_at(pc - load_base_);
      if (symbol != nullptr) frame.function = symbol->name;
    }
    if (!frame.function.empty()) frames.push_back(frame);
  }
  for (Frame& frame : frames) frame.file = displayed(std::move(frame.file));
  return frames_.emplace(key, std::move(frames)).first->second;
}

// Relative to the current directory when it lies below it.
std::string Symbols::displayed(std::string file) const {
  return !folder_.empty() && file.starts_with(folder_) ? file.substr(folder_.size()) : file;
}

StackId Symbols::add(std::vector<Frame> frames) {
  for (Frame& frame : frames) frame.file = displayed(std::move(frame.file));
  return stacks_.add(std::move(frames));
}

StackId Symbols::go_stack(const std::vector<uint64_t>& pcs, bool first_is_return) {
  if (go_stacks_.size() >= kMostRemembered) go_stacks_.clear();
  if (frames_.size() >= kMostRemembered) frames_.clear();
  const auto [known, is_new] = go_stacks_.try_emplace({pcs, first_is_return}, kNoStack);
  if (!is_new) return known->second;
  std::vector<Frame> stack;
  bool is_return = first_is_return;
  for (size_t i = 0; i < pcs.size() && pcs[i] != 0; ++i) {
    const std::vector<Frame>& frames = frames_at(pcs[i], is_return);
    if (frames.empty()) break;  // no longer code: what follows cannot be trusted either
    stack.insert(stack.end(), frames.begin(), frames.end());
    is_return = !is_called_by_a_signal(frames.back().function);
  }
  known->second = stacks_.add(std::move(stack));
  return known->second;
}

std::string Symbols::c_function(uint64_t stub, StackId stack) const {
  if (stub != 0) {
    const ElfSymbol* symbol = binary_.image->symbol_at(stub - load_base_);
    if (symbol != nullptr) {
      std::string name = cgo_function_name(symbol->name);
      if (!name.empty()) return name;
    }
  }
  for (const Frame& frame : stacks_[stack]) {
    std::string name = cgo_function_name(frame.function);
    if (!name.empty()) return name;
  }
  return "";
}

uint32_t Symbols::closure_words(uint64_t code_pc) {
  const auto [known, is_new] = closure_words_.try_emplace(code_pc, 0);
  if (!is_new) return known->second;
  if (const std::optional<GoFunction> code = binary_.functions.function_at(code_pc - load_base_))
    known->second = words_of_closure(*binary_.image, *code);
  return known->second;
}

bool Symbols::names_address(uint64_t pc, uint64_t from, uint64_t to) {
  const std::optional<GoFunction> function = binary_.functions.function_at(pc - load_base_);
  if (!function) return false;
  const auto [known, is_new] = named_addresses_.try_emplace(function->entry);
  if (is_new) {
    if (const Result<Bytes> code = function_code(*binary_.image, *function); code) {
      for (const AddressReference& reference :
           address_references(binary_.image->machine(), *code, function->entry))
        known->second.push_back(reference.address);
      std::sort(known->second.begin(), known->second.end());
    }
  }
  const auto at = std::lower_bound(known->second.begin(), known->second.end(), from - load_base_);
  return at != known->second.end() && *at <= to - load_base_;
}

bool Symbols::unlocks(uint64_t pc) {
  const std::optional<GoFunction> function = binary_.functions.function_at(pc - load_base_);
  if (!function) return false;
  const auto [known, is_new] = unlocks_.try_emplace(function->entry, false);
  if (is_new) known->second = cgoscope::unlocks(*binary_.image, binary_.functions, *function);
  return known->second;
}

std::string Symbols::text_at(uint64_t address, uint64_t length) const {
  std::string text;
  const uint64_t size = std::min<uint64_t>(length, CG_TEXT_BYTES);
  for (const std::byte byte : binary_.image->bytes_at(address - load_base_, size))
    text += static_cast<char>(std::to_integer<int>(byte));
  return text;
}

std::string Symbols::go_function(uint64_t pc) const {
  const std::optional<GoFunction> function = binary_.functions.function_at(pc - load_base_);
  return function ? std::string(function->name) : "";
}

}  // namespace cgoscope
