// `.kafka_cleanshutdown`: the mark that a data directory was closed in order,
// so that its logs can be trusted without a scan.
//
// Kafka's file, in which behind what a broker reads we name the manifest that
// was written with it. The mark must be gone, durably, before anything is
// written again, and may come back only after everything was synced; whoever
// opens and closes the directory sees to that. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "engine/catalog/file_stamp.h"
#include "engine/catalog/manifest.h"

namespace cauce {

inline constexpr std::string_view kCleanShutdownFile = ".kafka_cleanshutdown";

// Whether the mark is there. What it holds is a broker's business.
// absl::FailedPreconditionError, saying what to do, where something else than a
// file has its name: no writer could take that away.
absl::StatusOr<bool> HasCleanShutdown(FileSystem& files,
                                      std::string_view directory);

// Which clean stop it was: one who opens the directory and closes it leaves
// another.
struct CleanStop {
  FileStamps files;                  // of the mark and of the manifest
  std::optional<uint32_t> manifest;  // the checksum that the mark names
  friend bool operator==(const CleanStop&, const CleanStop&) = default;
};

// Nothing where the mark is not there. Errors as above. Who looks before he
// reads what the close has noted, and finds the same again, has read nothing
// that anybody has changed in between.
absl::StatusOr<std::optional<CleanStop>> LookAtCleanStop(
    FileSystem& files, std::string_view directory);

// `manifest` is the bytes of one, all of which is to count as long as the mark
// is there; none where it is empty. Wherever that stops, no mark names a
// manifest that is not there whole, unless it is passed over.
absl::Status WriteCleanShutdown(FileSystem& files, std::string_view directory,
                                std::string_view manifest = {});

// The manifest that the mark names. NotFound where there is no mark, it names
// none, as a broker's, or the manifest was removed; Reason::kCorruptFile where
// it is damaged, or another one than is named, or what the mark says behind
// what a broker reads is no name; kUnsupportedFormat.
absl::StatusOr<Manifest> ReadNamedManifest(FileSystem& files,
                                           std::string_view directory);
// The one that the last close which wrote any has left, whatever came since.
// NotFound where there is none, else as above.
absl::StatusOr<Manifest> ReadLeftManifest(FileSystem& files,
                                          std::string_view directory);

// Whether what reading a manifest came to, in either way, is final: it was
// read, there is none, it is damaged or a newer release wrote it. Any other
// error is of this time only, and it may be read the next time.
bool IsFinalManifest(const absl::Status& read);

// A manifest that is there and that the mark does not name. It tells of some
// close before, and after the next kill it would count.
enum class UnnamedManifest {
  kNone,      // it is named; or damaged, or no file, and counts for nobody; or
              // has no mark
  kOutdated,  // a broker has closed since
  kDoubtful,  // the mark is damaged or names another: it may have been this
};
absl::StatusOr<UnnamedManifest> FindUnnamedManifest(
    FileSystem& files, std::string_view directory);

// Durable on return. No error where there is none.
absl::Status RemoveCleanShutdown(FileSystem& files, std::string_view directory);

}  // namespace cauce
