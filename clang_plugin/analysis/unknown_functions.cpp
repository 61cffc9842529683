#include "clang_plugin/analysis/unknown_functions.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

namespace cgoscope {
namespace {

// Of glibc, which has those of ISO C and POSIX: the ones that lie in no folder, and the folders.
constexpr auto kStandardHeaders = std::to_array<std::string_view>(
    {"aio.h",       "aliases.h",  "alloca.h",      "ar.h",        "argp.h",     "argz.h",
     "assert.h",    "byteswap.h", "complex.h",     "cpio.h",      "crypt.h",    "ctype.h",
     "dirent.h",    "dlfcn.h",    "elf.h",         "endian.h",    "envz.h",     "err.h",
     "errno.h",     "error.h",    "execinfo.h",    "fcntl.h",     "features.h", "fenv.h",
     "fmtmsg.h",    "fnmatch.h",  "fpu_control.h", "fstab.h",     "fts.h",      "ftw.h",
     "gconv.h",     "getopt.h",   "glob.h",        "grp.h",       "gshadow.h",  "iconv.h",
     "ifaddrs.h",   "inttypes.h", "langinfo.h",    "lastlog.h",   "libgen.h",   "libintl.h",
     "limits.h",    "link.h",     "locale.h",      "malloc.h",    "math.h",     "mcheck.h",
     "memory.h",    "mntent.h",   "monetary.h",    "mqueue.h",    "netdb.h",    "nl_types.h",
     "nss.h",       "obstack.h",  "paths.h",       "poll.h",      "printf.h",   "proc_service.h",
     "pthread.h",   "pty.h",      "pwd.h",         "re_comp.h",   "regex.h",    "regexp.h",
     "resolv.h",    "sched.h",    "search.h",      "semaphore.h", "setjmp.h",   "sgtty.h",
     "shadow.h",    "signal.h",   "spawn.h",       "stab.h",      "stdint.h",   "stdio.h",
     "stdio_ext.h", "stdlib.h",   "string.h",      "strings.h",   "syscall.h",  "sysexits.h",
     "syslog.h",    "tar.h",      "termio.h",      "termios.h",   "tgmath.h",   "thread_db.h",
     "threads.h",   "time.h",     "ttyent.h",      "uchar.h",     "ucontext.h", "ulimit.h",
     "unistd.h",    "utime.h",    "utmp.h",        "utmpx.h",     "values.h",   "wait.h",
     "wchar.h",     "wctype.h",   "wordexp.h"});
static_assert(std::is_sorted(kStandardHeaders.begin(), kStandardHeaders.end()));
constexpr auto kStandardFolders =
    std::to_array<std::string_view>({"arpa/", "asm/", "asm-generic/", "bits/", "c++/", "gnu/",
                                     "linux/", "net/", "netinet/", "netpacket/", "scsi/", "sys/"});

bool is_triple(std::string_view folder) {
  return folder.find("-linux-gnu") != std::string_view::npos;
}

// How a header is included: "glib-2.0/glib/gmain.h" of "/usr/include/glib-2.0/glib/gmain.h"; ""
// when the path has no folder of headers in it.
std::string header_name(std::string_view path) {
  constexpr std::string_view kFolder = "/include/";
  const size_t at = path.rfind(kFolder);
  if (at == std::string_view::npos) return "";
  path.remove_prefix(at + kFolder.size());
  if (const size_t slash = path.find('/');
      slash != std::string_view::npos && is_triple(path.substr(0, slash)))
    path.remove_prefix(slash + 1);
  return std::string(path);
}

// Whether it is one of the C library, POSIX, Linux or C++; by its name, as header_name gives it.
bool is_standard(std::string_view header) {
  return std::binary_search(kStandardHeaders.begin(), kStandardHeaders.end(), header) ||
         std::any_of(kStandardFolders.begin(), kStandardFolders.end(),
                     [&](std::string_view folder) { return header.starts_with(folder); });
}

bool is_compilers(std::string_view path) {
  return path.find("/lib/gcc") != std::string_view::npos ||
         path.find("/lib/clang/") != std::string_view::npos;
}

// "glib-2", "gio" and "gdbusconnection" of "glib-2.0/gio/gdbusconnection.h".
std::vector<std::string> words_of(std::string_view header) {
  std::vector<std::string> words;
  while (!header.empty()) {
    const size_t slash = std::min(header.find('/'), header.size());
    std::string_view word = header.substr(0, slash);
    word = word.substr(0, word.find('.'));
    if (!word.empty()) words.emplace_back(word);
    header.remove_prefix(std::min(slash + 1, header.size()));
  }
  return words;
}

class Reach {
 public:
  Reach(Program& program, std::string (*display)(const std::string& path))
      : program_(program), catalogue_(program.catalogue()), display_(display) {
    for (const TranslationUnit& unit : program.units()) {
      for (const auto& [link_name, declaration] : unit.declared) {
        const bool has_file = declaration.file != kNone;
        const auto [known, added] = declared_.try_emplace(link_name);
        if (added || (known->second.path.empty() && has_file))
          known->second = {declaration.name, has_file ? unit.files[declaration.file] : ""};
      }
    }
  }

  void enter(const EntryPoint& entry) {
    if (has_row(entry.name)) return;
    std::vector<FunctionId> todo = {program_.function_id(entry.link_name)};
    while (!todo.empty()) {
      const FunctionId id = todo.back();
      todo.pop_back();
      if (!seen_.insert(id).second) continue;
      const LinkedFunction function = program_.function(id);
      if (function.body == nullptr) {
        add(function.link_name, entry.go);
        continue;
      }
      if (function.body->is_system && has_row(function.body->name)) continue;
      for (const Call& call : function.body->calls) {
        if (call.target.empty() || has_row(call.macro)) continue;
        todo.push_back(program_.function_id(call.target));
        if (!call.is_virtual) continue;
        for (const FunctionId overrider : program_.overriders(call.target))
          todo.push_back(overrider);
      }
    }
  }

  std::vector<UnknownFunction> take() {
    std::sort(found_.begin(), found_.end(), [](const UnknownFunction& a, const UnknownFunction& b) {
      return std::tie(a.header, a.name) < std::tie(b.header, b.name);
    });
    return std::move(found_);
  }

 private:
  struct Declared {
    std::string name, path;
  };

  bool has_row(const std::string& name) const {
    return !name.empty() &&
           (catalogue_.find_blocking(name) || catalogue_.find_blocking("syscall:" + name) ||
            catalogue_.find_maker(name) || !catalogue_.find_options(name).empty() ||
            catalogue_.find_effect(name));
  }

  bool library_has_rows(const std::string& header) {
    if (known_words_.empty()) {
      for (const BlockingFunction& row : catalogue_.blocking()) {
        if (row.header.empty() || is_standard(row.header)) continue;
        for (std::string& word : words_of(row.header)) known_words_.insert(std::move(word));
      }
    }
    const std::vector<std::string> words = words_of(header);
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return known_words_.contains(word); });
  }

  void add(const std::string& link_name, const GoPlace& go) {
    const auto declared = declared_.find(link_name);
    if (declared == declared_.end() || program_.is_export(link_name) || has_row(link_name)) return;
    const auto& [name, path] = declared->second;
    UnknownFunction unknown;
    unknown.name = name;
    unknown.header = header_name(path);
    const bool is_own = is_compilers(path) && !unknown.header.empty();
    if (has_row(name) || is_own || is_standard(unknown.header)) return;
    if (unknown.header.empty() && !path.empty()) unknown.header = display_(path);
    unknown.library_has_rows = library_has_rows(unknown.header);
    unknown.go = go;
    found_.push_back(std::move(unknown));
  }

  Program& program_;
  const Catalogue& catalogue_;
  std::string (*display_)(const std::string& path);
  std::map<std::string, Declared> declared_;
  std::set<std::string> known_words_;  // of the headers that rows name
  std::set<FunctionId> seen_;
  std::vector<UnknownFunction> found_;
};

}  // namespace

std::vector<UnknownFunction> unknown_functions(Program& program,
                                               const std::vector<EntryPoint>& entries,
                                               std::string (*display)(const std::string& path)) {
  Reach reach(program, display);
  for (const EntryPoint& entry : entries) reach.enter(entry);
  return reach.take();
}

}  // namespace cgoscope
