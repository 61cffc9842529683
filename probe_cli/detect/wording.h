// How numbers and places are said in messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "findings/frame.h"

namespace cgoscope {

std::string grouped(int64_t number);                        // "10 000"
std::string counted(int64_t number, std::string_view one);  // "1 thread", "3 threads"
std::string spoken_duration(int64_t duration_ns);  // "12 µs", "1.5 ms", "250 ms", "12.4 s", "3m12s"
std::string spoken_number(double number);          // "0.5", "12", "14 000"

// "worker.go:31 in main.poll"; less where less is known; "" when nothing is.
std::string spoken_place(const Frame& frame);

}  // namespace cgoscope
