#include "clang_plugin/packages/build_environment.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "clang_plugin/packages/clang_target.h"

namespace cgoscope {
namespace {

// C is read for the machine that GOOS and GOARCH name, where the C library's headers for it are.
void choose_target(BuildEnvironment& environment) {
  const BuildContext& context = environment.context;
  if (context.goos == "linux" && context.goarch == host_goarch()) return;
  const std::string triple = target_triple(context.goos, context.goarch);
  const std::string pair = "GOOS=" + context.goos + " GOARCH=" + context.goarch;
  if (triple.empty()) {
    environment.target_note =
        pair + ": C is read as for this machine; headers of that one are not known";
  } else if (auto flags = target_flags(triple)) {
    environment.cgo.target = std::move(*flags);
    environment.machine = triple.substr(0, triple.find('-'));
  } else {
    environment.target_note = fmt::format(
        "{}: C is read as for this machine, for the C library's headers of {} are not here "
        "(Debian's package: {})",
        pair, triple, cross_headers_package(context.goarch));
  }
}

}  // namespace

BuildEnvironment build_environment(GoSettings settings, const std::vector<std::string>& tags,
                                   std::vector<Problem>& problems) {
  BuildEnvironment environment;
  environment.tags = tags.empty() ? tags_in_goflags(settings.goflags) : tags;
  environment.context = host_build_context({environment.tags.begin(), environment.tags.end()});
  if (!settings.goos.empty()) environment.context.goos = settings.goos;
  if (!settings.goarch.empty()) environment.context.goarch = settings.goarch;
  if (settings.minor > 0) environment.context.go_minor = settings.minor;
  environment.cgo = cgo_environment(settings.cflags, settings.cppflags, settings.cxxflags,
                                    settings.pkg_config, problems);
  environment.settings = std::move(settings);
  choose_target(environment);
  return environment;
}

}  // namespace cgoscope
