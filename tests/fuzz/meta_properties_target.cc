// `meta.properties`: what is read can be written and reads the same again, and
// a second writing changes nothing.
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/check.h"
#include "engine/catalog/meta_properties.h"
#include "tests/fuzz/fuzz_target.h"

namespace cauce::fuzz {

void CheckInput(std::string_view input) {
  const auto read = ParseMetaProperties("meta.properties", input);
  ExpectSmallAllocations((64 << 10) + 32 * input.size());
  if (!read.ok()) {
    ExpectReason(read.status(),
                 {Reason::kCorruptFile, Reason::kUnsupportedFormat});
    CAUCE_CHECK(read.status().message().size() < 1000);
    return;
  }
  const auto text = FormatMetaProperties(*read);
  CAUCE_CHECK(text.ok());
  const auto again = ParseMetaProperties("meta.properties", *text);
  CAUCE_CHECK(again.ok());
  CAUCE_CHECK(*again == *read);
  const auto text_again = FormatMetaProperties(*again);
  CAUCE_CHECK(text_again.ok() && *text_again == *text);
}

std::vector<std::string> Seeds() {
  return {
      "",
      "version=1\ndirectory.id=8PHy8_T19vf4-fr7_P3-_w\n",
      "#\n#Tue Nov 14 22:13:20 UTC 2023\ncluster.id=4L6g3nShT-eMCtK--X86sw\n"
      "directory.id=8PHy8_T19vf4-fr7_P3-_w\nnode.id=1\nversion=1\n",
      "version=0\nbroker.id=7\n",
      "version : 1\r\n  node.id\\\n   = 12\n! note\n",
      "version=1\nother\\u0041\\ key=a\\\\b\\\n  c\nplain\n\\#x=1\n",
      "version 2\n"};
}

}  // namespace cauce::fuzz
