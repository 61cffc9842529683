// What may be written to a terminal beside text.
#pragma once

namespace cgoscope {

// Whether `descriptor` is a terminal whose user did not ask for none with NO_COLOR
// (https://no-color.org: set to nothing is not set).
bool wants_colour(int descriptor);

}  // namespace cgoscope
