// A real file system of a few megabytes, for tests that fill a disk.
//
// It is mounted in a mount namespace of the process's own, which children share
// and which goes with them. A machine may allow neither root's mounts nor a
// user namespace's: then whoever needs it is skipped. For the main thread,
// before any other has started.
#pragma once

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

namespace cauce::test {

inline bool WriteText(const char* path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

// Returns an empty string, or why this process cannot mount anything.
inline std::string EnterOwnMounts() {
  const auto why = [](std::string_view what) {
    return std::string(what) + ": " + std::strerror(errno);
  };
  if (unshare(CLONE_NEWNS) != 0) {
    const uid_t uid = getuid();
    const gid_t gid = getgid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return why("unshare");
    if (!WriteText("/proc/self/setgroups", "deny") ||
        !WriteText("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1") ||
        !WriteText("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1")) {
      return why("uid_map");
    }
  }
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return why("mount --make-rprivate /");
  }
  return "";
}

// Mounts 4 MiB on `directory`, to be unmounted with umount2. Returns an empty
// string, or why it cannot.
inline std::string MountSmallDisk(const std::string& directory) {
  static const std::string cannot = EnterOwnMounts();
  if (!cannot.empty()) return cannot;
  if (mount("tmpfs", directory.c_str(), "tmpfs", 0, "size=4m") == 0) return "";
  return std::string("mount tmpfs: ") + std::strerror(errno);
}

}  // namespace cauce::test
