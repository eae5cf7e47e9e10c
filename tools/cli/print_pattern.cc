#include "tools/cli/print_pattern.h"

#include <iterator>
#include <optional>
#include <utility>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tools/cli/base64.h"
#include "tools/cli/time_text.h"

namespace cauce::cli {
namespace {

constexpr std::string_view kLetters = "tpokvhdKVHi";
constexpr std::string_view kHeaderLetters = "kvKV";

absl::Status Wrong(std::string what) {
  return absl::InvalidArgumentError(fmt::format("--print: {}", what));
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

class PrintPattern::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  // Up to the end of the text, or inside of a header up to its "}".
  absl::StatusOr<std::vector<Piece>> Pieces(std::string_view letters) {
    std::vector<Piece> pieces;
    const bool nested = letters == kHeaderLetters;
    while (!text_.empty()) {
      if (nested && text_[0] == '}') return pieces;
      if (text_[0] == '%') {
        auto piece = Letter(letters);
        if (!piece.ok()) return piece.status();
        pieces.push_back(*std::move(piece));
        continue;
      }
      const auto c = Character();
      if (!c.ok()) return c.status();
      if (pieces.empty() || pieces.back().letter != 0) pieces.emplace_back();
      pieces.back().text += *c;
    }
    if (nested) return Wrong("%h{ has no }");
    return pieces;
  }

 private:
  // The next character of plain text.
  absl::StatusOr<char> Character() {
    const char c = text_[0];
    text_.remove_prefix(1);
    if (c != '\\') return c;
    if (text_.empty()) return Wrong("ends in a single \\");
    const char escape = text_[0];
    text_.remove_prefix(1);
    switch (escape) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'r':
        return '\r';
      case '0':
        return '\0';
      case '\\':
        return '\\';
      case 'x':
        return HexEscape();
      default:
        return Wrong(fmt::format("unknown escape \\{}", escape));
    }
  }

  absl::StatusOr<char> HexEscape() {
    const bool two =
        text_.size() >= 2 && HexDigit(text_[0]) >= 0 && HexDigit(text_[1]) >= 0;
    if (!two) return Wrong("\\x needs two hexadecimal digits");
    const int value = HexDigit(text_[0]) * 16 + HexDigit(text_[1]);
    text_.remove_prefix(2);
    return static_cast<char>(value);
  }

  absl::StatusOr<Piece> Letter(std::string_view letters) {
    text_.remove_prefix(1);
    if (text_.empty()) return Wrong("ends in a single %; %% writes one");
    Piece piece;
    const char letter = text_[0];
    text_.remove_prefix(1);
    if (letter == '%' || letter == '{' || letter == '}') {
      piece.text = letter;
      return piece;
    }
    if (letters.find(letter) == std::string_view::npos) {
      return Wrong(fmt::format("unknown letter %{}; there are {}", letter,
                               fmt::join(letters, " ")));
    }
    piece.letter = letter;
    if (text_.starts_with("{")) {
      text_.remove_prefix(1);
      if (absl::Status status = Braces(piece); !status.ok()) return status;
      text_.remove_prefix(1);  // the "}"
    }
    return piece;
  }

  // Leaves the text at the closing brace.
  absl::Status Braces(Piece& piece) {
    if (piece.letter == 'h') {
      auto pieces = Pieces(kHeaderLetters);
      if (!pieces.ok()) return pieces.status();
      piece.pieces = *std::move(pieces);
      return absl::OkStatus();
    }
    if (piece.letter == 'd') return TimeForm(piece);
    const size_t end = text_.find('}');
    if (end == std::string_view::npos) return Wrong("{ has no }");
    const std::string_view form = text_.substr(0, end);
    text_.remove_prefix(end);
    const bool bytes = piece.letter == 'k' || piece.letter == 'v';
    if (bytes && form == "hex") {
      piece.form = Form::kHex;
    } else if (bytes && form == "base64") {
      piece.form = Form::kBase64;
    } else {
      return Wrong(
          fmt::format("%{}{{{}}}: {}", piece.letter, form,
                      bytes ? "there are hex and base64" : "takes no form"));
    }
    return absl::OkStatus();
  }

  absl::Status TimeForm(Piece& piece) {
    constexpr std::string_view kOpen = "strftime[";
    const size_t end = text_.find("]}");
    if (!text_.starts_with(kOpen) || end == std::string_view::npos) {
      return Wrong("%d{...} must be %d{strftime[...]}");
    }
    piece.form = Form::kTime;
    piece.text = text_.substr(kOpen.size(), end - kOpen.size());
    text_.remove_prefix(end + 1);
    return absl::OkStatus();
  }

  std::string_view text_;
};

absl::StatusOr<PrintPattern> PrintPattern::Parse(std::string_view text) {
  auto pieces = Parser(text).Pieces(kLetters);
  if (!pieces.ok()) return pieces.status();
  PrintPattern pattern;
  pattern.pieces_ = *std::move(pieces);
  return pattern;
}

void PrintPattern::Append(std::string_view topic, PartitionId partition,
                          int64_t index, const RecordView& record,
                          std::string& to) const {
  const auto number = [&to](int64_t value) {
    const fmt::format_int text(value);
    to.append(text.data(), text.size());
  };
  constexpr std::string_view kNull;
  for (const Piece& piece : pieces_) {
    switch (piece.letter) {
      case 0:
        to += piece.text;
        break;
      case 't':
        to += topic;
        break;
      case 'p':
        number(partition.value);
        break;
      case 'o':
        number(record.offset.value);
        break;
      case 'k':
        AppendBytes(piece, record.key.value_or(kNull), to);
        break;
      case 'v':
        AppendBytes(piece, record.value.value_or(kNull), to);
        break;
      case 'K':
        number(static_cast<int64_t>(record.key.value_or(kNull).size()));
        break;
      case 'V':
        number(static_cast<int64_t>(record.value.value_or(kNull).size()));
        break;
      case 'd':
        if (piece.form == Form::kPlain) {
          number(record.timestamp.ms);
        } else if (record.timestamp.has_value()) {
          to += FormatTime(record.timestamp, piece.text);
        }
        break;
      case 'h':
        AppendHeaders(piece, record.headers, to);
        break;
      case 'H':
        number(record.headers.size());
        break;
      default:  // 'i'
        number(index);
        break;
    }
  }
}

void PrintPattern::AppendBytes(const Piece& piece, std::string_view bytes,
                               std::string& to) {
  switch (piece.form) {
    case Form::kHex:
      for (const char c : bytes) {
        fmt::format_to(std::back_inserter(to), "{:02x}",
                       static_cast<unsigned char>(c));
      }
      break;
    case Form::kBase64:
      AppendBase64(bytes, to);
      break;
    default:
      to += bytes;
  }
}

void PrintPattern::AppendHeaders(const Piece& piece, const HeaderList& headers,
                                 std::string& to) {
  constexpr std::string_view kNull;
  bool first = true;
  for (const Header& header : headers) {
    const std::string_view value = header.value.value_or(kNull);
    if (piece.pieces.empty()) {
      if (!std::exchange(first, false)) to += ',';
      to.append(header.key).append("=").append(value);
      continue;
    }
    for (const Piece& part : piece.pieces) {
      if (part.letter == 0) to += part.text;
      if (part.letter == 'k') AppendBytes(part, header.key, to);
      if (part.letter == 'v') AppendBytes(part, value, to);
      if (part.letter == 'K') to += std::to_string(header.key.size());
      if (part.letter == 'V') to += std::to_string(value.size());
    }
  }
}

}  // namespace cauce::cli
