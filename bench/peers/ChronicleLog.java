import java.nio.file.Path;
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
    reader.join();
    if (failed[0] != null) throw new IllegalStateException(failed[0]);
    return took;
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
