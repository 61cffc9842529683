// Parts of a finding of the lint, out of the JSON that its reports and go vet's files of facts
// have.
#pragma once

#include <string>
#include <vector>

#include "findings/finding.h"
#include "findings/json_fields.h"

namespace cgoscope {

// `problem` as of JsonFields.
CPlace c_place_from(const nlohmann::json& object, std::string& problem);
// Of "path".
std::vector<PathStep> path_from(JsonFields& finding, std::string& problem);

}  // namespace cgoscope
