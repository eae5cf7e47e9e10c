// Text that came from outside, made fit for a message: quoted, with everything
// unprintable escaped, and cut where it is long.
//
// So no name, value or line of a file can put control characters or megabytes
// into a log. Pure: any thread.
#pragma once

#include <string>
#include <string_view>

namespace cauce {

// "orders", "a\nb", or "aaa..." (300 bytes).
std::string Quoted(std::string_view text);

}  // namespace cauce
