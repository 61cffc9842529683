// What this kernel, these privileges and this machine allow.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "findings/result.h"

namespace cgoscope {

enum class LinkKind : uint8_t {
  kUprobeMulti,  // since 6.6: all places of a program in one link, attached and detached in ms
  kPerf,         // one perf event a place: detaching takes about 0.1 s each
};
std::string_view link_kind_name(LinkKind kind);  // "uprobe.multi", "perf"

struct Check {       // one line of `cgoscope doctor`
  std::string name;  // "BPF programs"
  bool good = false;
  bool required = false;  // without it `watch` cannot run at all
  std::string found;      // "kernel 6.18.44"
  std::string costs;      // what is lost when not good
  std::string mend;       // what to do; "" when good
};

std::vector<Check> check_kernel();

// Whether links of this kind see all calls, in two threads, of a function of our own.
Result<bool> try_link_kind(LinkKind kind);

// Decides by making a link of each kind on a function of our own and counting the hits of two
// threads (kernels before 6.10 filtered uprobe.multi's pid by thread). Error: neither works; it
// says which privilege or feature lacks.
Result<LinkKind> find_link_kind();

}  // namespace cgoscope
