// How `consume --print` writes a record: text with %-letters, as rpk has them.
//
//   %t topic      %p partition   %o offset    %k key      %v value
//   %h headers    %d timestamp   %K %V bytes of key and value   %H headers
//   %i how many records came before       %% %{ %} the characters themselves
//
// %k{hex} and %v{base64} write bytes in text; %d{strftime[%F %T]} writes local
// time instead of milliseconds; %h{%k=%v } is written once for each header,
// plain %h writes k=v,k=v. Escapes: \n \t \r \\ \0 \xHH. Null is written as
// nothing. Immutable once parsed: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/record.h"
#include "cauce/types.h"

namespace cauce::cli {

class PrintPattern {
 public:
  // InvalidArgument tells which letter is unknown and which there are.
  static absl::StatusOr<PrintPattern> Parse(std::string_view text);

  void Append(std::string_view topic, PartitionId partition, int64_t index,
              const RecordView& record, std::string& to) const;

 private:
  enum class Form { kPlain, kHex, kBase64, kTime };

  struct Piece {
    char letter = 0;  // 0: text as it is
    Form form = Form::kPlain;
    std::string text;           // or the format of a time
    std::vector<Piece> pieces;  // of a header
  };

  class Parser;

  static void AppendBytes(const Piece& piece, std::string_view bytes,
                          std::string& to);
  static void AppendHeaders(const Piece& piece, const HeaderList& headers,
                            std::string& to);

  std::vector<Piece> pieces_;
};

}  // namespace cauce::cli
