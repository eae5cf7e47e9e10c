import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.HexFormat;
import org.apache.kafka.common.header.Header;

/** How a record is printed: bytes in hex, null as a dash. */
final class RecordLine {
  static String of(long offset, long timestamp, byte[] key, byte[] value, Header[] headers) {
    StringBuilder line = new StringBuilder("record " + offset);
    line.append(' ').append(timestamp);
    line.append(' ').append(hex(key));
    line.append(' ').append(hex(value));
    for (Header header : headers) {
      line.append(' ').append(hex(header.key().getBytes(UTF_8)));
      line.append('=').append(hex(header.value()));
    }
    return line.toString();
  }

  private static String hex(byte[] bytes) {
    return bytes == null ? "-" : HexFormat.of().formatHex(bytes);
  }
}
