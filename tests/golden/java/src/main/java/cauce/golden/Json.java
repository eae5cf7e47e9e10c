package cauce.golden;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Prints maps, lists, strings, numbers, booleans and null as JSON. */
final class Json {
  private Json() {}

  static String print(Object value) {
    StringBuilder out = new StringBuilder();
    print(value, 0, out);
    return out.append('\n').toString();
  }

  private static void print(Object value, int depth, StringBuilder out) {
    if (value instanceof Map<?, ?> map) {
      printMap(map, depth, out);
    } else if (value instanceof List<?> list) {
      printList(list, depth, out);
    } else if (value instanceof String text) {
      printText(text, out);
    } else {
      out.append(value);
    }
  }

  private static void printMap(Map<?, ?> map, int depth, StringBuilder out) {
    out.append('{');
    Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator();
    while (entries.hasNext()) {
      Map.Entry<?, ?> entry = entries.next();
      newLine(depth + 1, out);
      printText((String) entry.getKey(), out);
      out.append(": ");
      print(entry.getValue(), depth + 1, out);
      if (entries.hasNext()) out.append(',');
    }
    if (!map.isEmpty()) newLine(depth, out);
    out.append('}');
  }

  private static void printList(List<?> list, int depth, StringBuilder out) {
    out.append('[');
    for (int i = 0; i < list.size(); ++i) {
      newLine(depth + 1, out);
      print(list.get(i), depth + 1, out);
      if (i + 1 < list.size()) out.append(',');
    }
    if (!list.isEmpty()) newLine(depth, out);
    out.append(']');
  }

  private static void newLine(int depth, StringBuilder out) {
    out.append('\n').append(" ".repeat(depth));
  }

  private static void printText(String text, StringBuilder out) {
    out.append('"');
    text.chars().forEach(c -> {
      if (c == '"' || c == '\\') {
        out.append('\\').append((char) c);
      } else if (c < 0x20 || c > 0x7e) {
        out.append(String.format("\\u%04x", c));
      } else {
        out.append((char) c);
      }
    });
    out.append('"');
  }
}
