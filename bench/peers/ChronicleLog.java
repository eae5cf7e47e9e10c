import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;

/**
 * Chronicle Queue: messages of a fixed size, written to mapped files, without
 * checksums. Each way of use is warmed up before it is measured.
 *
 * <pre>
 *   append FOLDER BYTES COUNT   so many messages, and reads them back
 *   records FOLDER BYTES COUNT  reads so many
 *   tail FOLDER BYTES COUNT PER_SECOND
 *       so many at that rate, while another thread reads them
 *   tail-across FOLDER BYTES COUNT PER_SECOND
 *       the same, while another process reads them: this program with
 *   follow FOLDER BYTES COUNT
 *       which says when it is ready, when it is warm, and what they took
 * </pre>
 */
public final class ChronicleLog {
  private static final long WARM_UP = 200_000;

  public static void main(String[] args) {
    Told.run(
        () -> {
          Path folder = Path.of(args[1]);
          int bytes = Integer.parseInt(args[2]);
          long count = Long.parseLong(args[3]);
          switch (args[0]) {
            case "append" -> append(folder, bytes, count);
            case "records" -> read(folder, bytes, count);
            case "tail" -> tail(folder, bytes, count, Long.parseLong(args[4]));
            case "tail-across" -> tailAcross(folder, bytes, count, Long.parseLong(args[4]));
            case "follow" -> followAll(folder, bytes, (int) count);
            default -> throw new IllegalArgumentException(args[0]);
          }
        });
  }

  private static ChronicleQueue open(Path folder) {
    return SingleChronicleQueueBuilder.binary(folder.toFile()).build();
  }

  private static void append(Path folder, int bytes, long count) {
    byte[] message = new byte[bytes];
    for (int i = 0; i < bytes; ++i) message[i] = (byte) (i * 31);
    Bytes<?> buffer = Bytes.allocateElasticDirect(bytes);
    try (ChronicleQueue queue = open(folder.resolveSibling("warm"))) {
      write(queue, buffer, message, WARM_UP);
    }
    try (ChronicleQueue queue = open(folder)) {
      long begin = System.nanoTime();
      write(queue, buffer, message, count);
      long took = System.nanoTime() - begin;
      expect(count, scan(queue, bytes));
      Told.seconds(took);
    }
  }

  private static void write(ChronicleQueue queue, Bytes<?> buffer, byte[] message, long count) {
    try (ExcerptAppender appender = queue.createAppender()) {
      for (long i = 0; i < count; ++i) {
        buffer.clear();
        buffer.write(message);
        appender.writeBytes(buffer);
      }
    }
  }

  private static void read(Path folder, int bytes, long count) {
    try (ChronicleQueue queue = open(folder)) {
      scan(queue, bytes);
      long begin = System.nanoTime();
      long found = scan(queue, bytes);
      long took = System.nanoTime() - begin;
      expect(count, found);
      Told.seconds(took);
    }
  }

  private static void tail(Path folder, int bytes, long count, long perSecond)
      throws InterruptedException {
    try (ChronicleQueue queue = open(folder.resolveSibling("warm"))) {
      times(queue, bytes, WARM_UP, perSecond);
    }
    try (ChronicleQueue queue = open(folder)) {
      long begin = System.nanoTime();
      long[] took = times(queue, bytes, count, perSecond);
      Told.seconds(System.nanoTime() - begin);
      Told.times(took);
    }
  }

  // The nanoseconds from when the writing of each message began until it was read.
  private static long[] times(ChronicleQueue queue, int bytes, long count, long perSecond)
      throws InterruptedException {
    long[] took = new long[(int) count];
    Throwable[] failed = new Throwable[1];
    Thread reader =
        new Thread(
            () -> {
              try {
                follow(queue, bytes, took);
              } catch (Throwable e) {
                failed[0] = e;
              }
            });
    reader.setDaemon(true);
    reader.start();
    writeAtRate(queue, bytes, count, perSecond, failed);
    reader.join();
    if (failed[0] != null) throw new IllegalStateException(failed[0]);
    return took;
  }

  // Until the reader has failed.
  private static void writeAtRate(
      ChronicleQueue queue, int bytes, long count, long perSecond, Throwable[] failed) {
    byte[] rest = new byte[bytes - 2 * Long.BYTES];
    Bytes<?> buffer = Bytes.allocateElasticDirect(bytes);
    try (ExcerptAppender appender = queue.createAppender()) {
      long begin = System.nanoTime();
      for (long i = 0; i < count && failed[0] == null; ++i) {
        long due = begin + i * 1_000_000_000L / perSecond;
        long now = System.nanoTime();
        while (now < due) now = System.nanoTime();
        buffer.clear();
        buffer.writeLong(now);
        buffer.writeLong(i);
        buffer.write(rest);
        appender.writeBytes(buffer);
      }
    }
  }

  private static void tailAcross(Path folder, int bytes, long count, long perSecond)
      throws IOException {
    Path warm = folder.resolveSibling("warm");
    Throwable[] neverFails = new Throwable[1];
    try (ChronicleQueue warmQueue = open(warm);
        ChronicleQueue queue = open(folder)) {
      List<String> command = new ArrayList<>();
      command.add(ProcessHandle.current().info().command().orElse("java"));
      command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
      command.addAll(List.of("-classpath", System.getProperty("java.class.path"), "ChronicleLog"));
      command.addAll(List.of("follow", folder.toString(), "" + bytes, "" + count));
      Process reader =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      // It waits for messages without an end.
      Runtime.getRuntime().addShutdownHook(new Thread(reader::destroyForcibly));
      try (BufferedReader said =
          new BufferedReader(
              new InputStreamReader(reader.getInputStream(), StandardCharsets.UTF_8))) {
        expectLine(said, "ready");
        writeAtRate(warmQueue, bytes, WARM_UP, perSecond, neverFails);
        expectLine(said, "warm");
        long begin = System.nanoTime();
        writeAtRate(queue, bytes, count, perSecond, neverFails);
        // The moment at which the last one was read: of the same clock.
        long end = Long.parseLong(line(said));
        Told.seconds(end - begin);
        for (String rest = said.readLine(); rest != null; rest = said.readLine()) {
          System.out.println(rest);
        }
      } finally {
        reader.destroyForcibly();
      }
    }
  }

  private static void expectLine(BufferedReader said, String wanted) throws IOException {
    String line = line(said);
    if (!line.equals(wanted)) throw new IllegalStateException("the reader said " + line);
  }

  private static String line(BufferedReader said) throws IOException {
    String line = said.readLine();
    if (line == null) throw new IllegalStateException("the reader has ended");
    return line;
  }

  private static void followAll(Path folder, int bytes, int count) {
    try (ChronicleQueue warm = open(folder.resolveSibling("warm"));
        ChronicleQueue queue = open(folder)) {
      say("ready");
      follow(warm, bytes, new long[(int) WARM_UP]);
      say("warm");
      long[] took = new long[count];
      follow(queue, bytes, took);
      say("" + System.nanoTime());
      Told.times(took);
    }
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private static void follow(ChronicleQueue queue, int bytes, long[] took) {
    Bytes<?> buffer = Bytes.allocateElasticDirect(bytes);
    try (ExcerptTailer tailer = queue.createTailer()) {
      for (int i = 0; i < took.length; ) {
        buffer.clear();
        if (!tailer.readBytes(buffer)) continue;
        long now = System.nanoTime();
        if (buffer.readRemaining() != bytes) {
          throw new IllegalStateException("a message of " + buffer.readRemaining() + " bytes");
        }
        took[i] = now - buffer.readLong();
        long number = buffer.readLong();
        if (number != i) throw new IllegalStateException(number + " came in the place of " + i);
        ++i;
      }
    }
  }

  // How many messages of that size there are.
  private static long scan(ChronicleQueue queue, int bytes) {
    Bytes<?> buffer = Bytes.allocateElasticDirect(bytes);
    long found = 0;
    try (ExcerptTailer tailer = queue.createTailer()) {
      for (; ; ++found) {
        buffer.clear();
        if (!tailer.readBytes(buffer)) return found;
        if (buffer.readRemaining() != bytes) {
          throw new IllegalStateException("a message of " + buffer.readRemaining() + " bytes");
        }
      }
    }
  }

  private static void expect(long wanted, long found) {
    if (found != wanted) throw new IllegalStateException(found + " were read of " + wanted);
  }
}
