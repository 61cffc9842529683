// Values of the probe as JSON, in the words of docs/formats/watch.schema.json.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "findings/live_finding.h"
#include "probe_cli/detect/sample.h"

namespace cgoscope {

using OrderedJson = nlohmann::ordered_json;

// RFC 3339, UTC, to the millisecond: "2025-01-02T03:04:05.678Z". From CLOCK_REALTIME.
std::string rfc3339(int64_t wall_ns);

// One line, with its line end. Bytes that are not UTF-8 become U+FFFD: JSON has no other way.
std::string json_line(const OrderedJson& json);

OrderedJson frame_json(const Frame& frame);  // {"function","file","line"}
OrderedJson place_json(const Frame& frame);  // the same with "package" before it
OrderedJson process_json(const Subject& subject);
// docs/formats/finding.schema.json, without the record's type and time.
OrderedJson finding_json(const LiveFinding& finding, const Subject& subject);

}  // namespace cgoscope
