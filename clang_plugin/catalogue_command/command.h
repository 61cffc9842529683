// `cgoscope-lint catalogue list|explain|check`. docs/catalogue.md has the manual.
#pragma once

namespace cgoscope {

// `argv[0]` is "catalogue". The exit status.
int run_catalogue_command(int argc, char** argv);

}  // namespace cgoscope
