#include "findings/finding_fields.h"

namespace cgoscope {

CPlace c_place_from(const nlohmann::json& object, std::string& problem) {
  JsonFields fields(object, problem);
  CPlace place;
  place.file = fields.text("file");
  place.line = fields.whole_number("line");
  place.column = fields.whole_number("column");
  place.function = fields.text("function");
  place.call = fields.text("call");
  return place;
}

std::vector<PathStep> path_from(JsonFields& finding, std::string& problem) {
  std::vector<PathStep> path;
  const nlohmann::json* steps = finding.objects("path");
  if (steps == nullptr) return path;
  for (const nlohmann::json& each : *steps) {
    JsonFields fields(each, problem);
    PathStep& step = path.emplace_back();
    step.function = fields.text("function");
    step.file = fields.text("file");
    step.line = fields.whole_number("line");
  }
  return path;
}

}  // namespace cgoscope
