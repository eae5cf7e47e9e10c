package cauce.golden;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.KRaftVersionRecord;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.message.SnapshotFooterRecord;
import org.apache.kafka.common.message.SnapshotHeaderRecord;
import org.apache.kafka.common.message.VotersRecord;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.ControlRecordType;
import org.apache.kafka.common.record.EndTransactionMarker;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecords.RecordFilter;
import org.apache.kafka.common.record.MemoryRecords.RecordFilter.BatchRetention;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.MutableRecordBatch;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.record.SimpleRecord;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.utils.AppInfoParser;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.ByteBufferOutputStream;

/**
 * Writes golden record batches with Apache Kafka's own classes, and a manifest
 * that says what its own readers see in them. Argument: the folder to write to.
 * Every run of one Kafka release on one Java release gives the same bytes.
 */
public final class GoldenBatches {
  private static final long NOW = 1_700_000_000_000L;
  private static final byte[] NULL = null;

  private final Path folder;
  private final List<Object> files = new ArrayList<>();

  private GoldenBatches(Path folder) {
    this.folder = folder;
  }

  public static void main(String[] arguments) throws IOException {
    GoldenBatches golden = new GoldenBatches(Path.of(arguments[0]));
    golden.writeCodecs();
    golden.writeShapes();
    golden.writeTimes();
    golden.writeHeaderFields();
    golden.writeProducers();
    golden.writeControl();
    golden.writeCompacted();
    golden.writeLogs();
    golden.writeOldFormats();
    Map<String, Object> manifest = new LinkedHashMap<>();
    manifest.put("kafka", AppInfoParser.getVersion());
    manifest.put("java", System.getProperty("java.version"));
    manifest.put("files", golden.files);
    Files.writeString(golden.folder.resolve("batches.json"),
        Json.print(manifest));
  }

  /** A batch to be written; the defaults are those of a plain client. */
  private static final class Batch {
    byte magic = RecordBatch.MAGIC_VALUE_V2;
    Compression codec = Compression.NONE;
    TimestampType timestampType = TimestampType.CREATE_TIME;
    long baseOffset = 0;
    long appendTime = RecordBatch.NO_TIMESTAMP;
    long producerId = RecordBatch.NO_PRODUCER_ID;
    short producerEpoch = RecordBatch.NO_PRODUCER_EPOCH;
    int baseSequence = RecordBatch.NO_SEQUENCE;
    boolean transactional = false;
    int leaderEpoch = RecordBatch.NO_PARTITION_LEADER_EPOCH;

    Batch producer(long id, int epoch, int sequence) {
      producerId = id;
      producerEpoch = (short) epoch;
      baseSequence = sequence;
      return this;
    }

    ByteBuffer write(Consumer<MemoryRecordsBuilder> append) {
      ByteBufferOutputStream out = new ByteBufferOutputStream(512);
      try (MemoryRecordsBuilder builder = new MemoryRecordsBuilder(out, magic,
          codec, timestampType, baseOffset, appendTime, producerId,
          producerEpoch, baseSequence, transactional, false, leaderEpoch,
          Integer.MAX_VALUE)) {
        append.accept(builder);
        return copy(builder.build().buffer());
      }
    }

    ByteBuffer write(SimpleRecord... records) {
      return write(builder -> {
        for (SimpleRecord record : records) builder.append(record);
      });
    }
  }

  private static Batch batch() {
    return new Batch();
  }

  // One record of every kind, and enough plain ones to make codecs work.
  private static SimpleRecord[] mixture() {
    List<SimpleRecord> records = new ArrayList<>(List.of(
        record(NOW, "key", "value"),
        record(NOW + 1, null, "no key"),
        record(NOW + 2, "tombstone", null),
        new SimpleRecord(NOW + 3, NULL, NULL),
        record(NOW + 4, "", ""),
        record(NOW - 5, "late", "earlier than the first", header("h", "v"),
            new RecordHeader("null", null), header("", ""))));
    for (int i = 0; i < 40; ++i) {
      records.add(record(NOW + 10L * i, "customer-" + i % 7,
          "{\"order\":" + i + ",\"amount\":" + i * 25 + ",\"paid\":true}"));
    }
    return records.toArray(new SimpleRecord[0]);
  }

  // More than a block of every codec: text that shrinks, bytes that do not.
  private static SimpleRecord[] large() {
    byte[] noise = new byte[33_000];
    new Random(1).nextBytes(noise);
    return new SimpleRecord[] {
        record(NOW, "k".repeat(9000), "a line of text, ".repeat(1500)),
        new SimpleRecord(NOW, NULL, noise),
        record(NOW, "after", "the noise"),
    };
  }

  private void writeCodecs() throws IOException {
    for (CompressionType type : CompressionType.values()) {
      Batch batch = batch();
      batch.codec = Compression.of(type).build();
      file("codec_" + type.name, "records of every kind",
          batch.write(mixture()));
      String what = "records of more than a block of any codec";
      if (type == CompressionType.NONE) {
        file("large_none", what, batch.write(large()));
      } else {
        fileWithRecordsOf("large_none", "large_" + type.name, what,
            batch.write(large()));
      }
      Batch stamped = batch();
      stamped.codec = batch.codec;
      stamped.timestampType = TimestampType.LOG_APPEND_TIME;
      stamped.appendTime = NOW + 77;
      file("append_time_" + type.name, "one time for all records",
          stamped.write(record(NOW, "a", "1"), record(NOW + 1, "b", "2")));
    }
    Batch batch = batch();
    batch.codec = Compression.gzip().level(9).build();
    file("level_gzip_9", "another level", batch.write(mixture()));
    batch.codec = Compression.lz4().level(1).build();
    file("level_lz4_1", "the high compressor's lowest", batch.write(mixture()));
    batch.codec = Compression.lz4().level(17).build();
    file("level_lz4_17", "the highest level", batch.write(mixture()));
    batch.codec = Compression.zstd().level(-5).build();
    file("level_zstd_minus_5", "a fast level", batch.write(mixture()));
    batch.codec = Compression.zstd().level(22).build();
    file("level_zstd_22", "the highest level: claims a window of 128 MiB",
        batch.write(mixture()));
  }

  private void writeShapes() throws IOException {
    file("one_record", "one record", batch().write(record(NOW, "k", "v")));
    file("null_key", "no key", batch().write(record(NOW, null, "v")));
    file("null_value", "a tombstone", batch().write(record(NOW, "k", null)));
    file("null_key_and_value", "neither key nor value",
        batch().write(new SimpleRecord(NOW, NULL, NULL)));
    file("empty_key_and_value", "both of no bytes",
        batch().write(record(NOW, "", "")));
    file("headers", "names empty, repeated and beyond ASCII; values null, "
            + "empty and binary",
        batch().write(record(NOW, "k", "v", header("", "empty name"),
            header("twice", "1"), header("twice", "2"),
            header("\u00f1and\u00fa \ud83d\udc26", "a bird"),
            new RecordHeader("null", null), header("empty", ""),
            new RecordHeader("binary", new byte[] {0, -1, 127, -128}))));
    Header[] many = new Header[200];
    for (int i = 0; i < many.length; ++i) many[i] = header("h" + i, "" + i);
    file("many_headers", "a count of two bytes",
        batch().write(record(NOW, "k", "v", many)));
    // Lengths around the steps of the varint: 63 takes one byte, 64 two,
    // 8191 two, 8192 three.
    List<SimpleRecord> steps = new ArrayList<>();
    for (int length : new int[] {0, 1, 62, 63, 64, 65, 8190, 8191, 8192}) {
      steps.add(record(NOW, "k".repeat(length / 64), "v".repeat(length)));
    }
    file("varint_steps", "lengths around the steps of the varint",
        batch().write(steps.toArray(new SimpleRecord[0])));
    file("three_records", "the example of the format's description",
        batch().write(record(NOW, "k1", "v1"),
            record(NOW + 5, null, "hello", header("h", "x")),
            record(NOW + 3, "k1", null)));
  }

  private void writeTimes() throws IOException {
    long none = RecordBatch.NO_TIMESTAMP;
    file("time_none", "no record has a time",
        batch().write(record(none, "a", "1"), record(none, "b", "2")));
    file("time_zero", "1970", batch().write(record(0, "a", "1")));
    file("time_falling", "every record earlier than the one before",
        batch().write(record(NOW, "a", "1"), record(NOW - 1, "b", "2"),
            record(NOW - 86_400_000L, "c", "3"), record(0, "d", "4")));
    file("time_far_apart", "differences beyond 32 bits",
        batch().write(record(0, "a", "1"),
            record(Long.MAX_VALUE, "b", "2"), record(NOW, "c", "3")));
    file("time_first_has_none", "the first record has no time, the second has",
        batch().write(record(none, "a", "1"), record(NOW, "b", "2")));
  }

  private void writeHeaderFields() throws IOException {
    long[] offsets = {1, Integer.MAX_VALUE, 1L << 31, 1L << 40,
        Long.MAX_VALUE - 1};
    for (long offset : offsets) {
      Batch batch = batch();
      batch.baseOffset = offset;
      file("base_offset_" + offset, "another base offset",
          batch.write(record(NOW, "a", "1"), record(NOW, "b", "2")));
    }
    for (int epoch : new int[] {0, 5, Integer.MAX_VALUE}) {
      Batch batch = batch();
      batch.leaderEpoch = epoch;
      file("leader_epoch_" + epoch, "another leader epoch",
          batch.write(record(NOW, "a", "1")));
    }
    MutableRecordBatch placed = only(batch().write(record(NOW, "a", "1"),
        record(NOW, "b", "2")));
    placed.setLastOffset(1001);
    placed.setPartitionLeaderEpoch(9);
    file("placed_by_leader", "offset and epoch set by the leader, CRC kept",
        bytes(placed));
    MutableRecordBatch stamped = only(batch().write(record(NOW, "a", "1"),
        record(NOW, "b", "2")));
    stamped.setMaxTimestamp(TimestampType.LOG_APPEND_TIME, NOW + 1234);
    file("stamped_by_leader", "append time set by the leader, CRC anew",
        bytes(stamped));
  }

  private void writeProducers() throws IOException {
    SimpleRecord[] three = {record(NOW, "a", "1"), record(NOW, "b", "2"),
        record(NOW, "c", "3")};
    file("idempotent", "first batch of a producer",
        batch().producer(7, 3, 0).write(three));
    file("idempotent_extremes", "the largest id, epoch and sequence",
        batch().producer(Long.MAX_VALUE, Short.MAX_VALUE, 2147483645)
            .write(three));
    file("idempotent_zero", "producer 0, epoch 0",
        batch().producer(0, 0, 41).write(three));
    file("idempotent_wraps", "sequences go on at zero after the largest",
        batch().producer(7, 3, Integer.MAX_VALUE).write(three));
    for (CompressionType type : CompressionType.values()) {
      Batch batch = batch().producer(7, 3, 0);
      batch.transactional = true;
      batch.leaderEpoch = 2;
      batch.baseOffset = 100;
      batch.codec = Compression.of(type).build();
      file("transactional_" + type.name, "data of a transaction",
          batch.write(three));
    }
  }

  private void writeControl() throws IOException {
    file("marker_commit", "ends a transaction",
        marker(ControlRecordType.COMMIT, 42, 7, 3, 5));
    file("marker_abort", "ends a transaction",
        marker(ControlRecordType.ABORT, 43, 7, 3, 6));
    file("marker_extremes", "the largest offset, id and epochs",
        marker(ControlRecordType.COMMIT, Long.MAX_VALUE, Long.MAX_VALUE,
            Short.MAX_VALUE, Integer.MAX_VALUE));
    file("control_leader_change", "of a metadata log",
        records(MemoryRecords.withLeaderChangeMessage(10, NOW, 4, room(),
            new LeaderChangeMessage().setLeaderId(1))));
    file("control_snapshot_header", "of a metadata log",
        records(MemoryRecords.withSnapshotHeaderRecord(0, NOW, 4, room(),
            new SnapshotHeaderRecord().setLastContainedLogTimestamp(NOW))));
    file("control_snapshot_footer", "of a metadata log",
        records(MemoryRecords.withSnapshotFooterRecord(1, NOW, 4, room(),
            new SnapshotFooterRecord())));
    file("control_kraft_version", "of a metadata log",
        records(MemoryRecords.withKRaftVersionRecord(2, NOW, 4, room(),
            new KRaftVersionRecord().setKRaftVersion((short) 1))));
    file("control_voters", "of a metadata log",
        records(MemoryRecords.withVotersRecord(3, NOW, 4, room(),
            new VotersRecord())));
  }

  private void writeCompacted() throws IOException {
    for (CompressionType type : CompressionType.values()) {
      Batch batch = batch().producer(7, 3, 50);
      batch.baseOffset = 200;
      batch.leaderEpoch = 4;
      batch.codec = Compression.of(type).build();
      ByteBuffer full = batch.write(record(NOW, "a", "1"),
          record(NOW + 1, "b", "2"), record(NOW + 2, "a", "3"),
          record(NOW + 3, "c", "4"), record(NOW + 4, "b", "5"));
      file("compacted_" + type.name,
          "first and last records gone, offsets with gaps",
          compact(full, 201, 203));
      file("compacted_empty_" + type.name,
          "no record left: kept for the producer's sequence", compact(full));
      ByteBuffer dead = batch.write(record(NOW, "a", "1"),
          record(NOW + 1, "b", null), record(NOW + 9, "c", "4"));
      file("delete_horizon_" + type.name,
          "a tombstone that may go after the horizon",
          compact(dead, 200, 201, 202));
      file("delete_horizon_again_" + type.name,
          "compacted once more: the horizon stays",
          compact(compact(dead, 200, 201, 202), 201));
    }
    file("compacted_marker", "a commit marker with a delete horizon",
        compactMarker(marker(ControlRecordType.COMMIT, 42, 7, 3, 5)));
    Batch stamped = batch();
    stamped.timestampType = TimestampType.LOG_APPEND_TIME;
    stamped.appendTime = NOW + 77;
    file("compacted_empty_append_time", "no record left, append time kept",
        compact(stamped.write(record(NOW, "a", "1"), record(NOW, "b", "2"))));
    file("gaps", "written with gaps between the offsets",
        batch().write(builder -> {
          builder.appendWithOffset(5, record(NOW, "a", "1"));
          builder.appendWithOffset(6, record(NOW, "b", "2"));
          builder.appendWithOffset(70, record(NOW, "c", "3"));
          builder.appendWithOffset(1_000_000, record(NOW, "d", "4"));
        }));
    file("gap_at_end", "the last offset is beyond the last record",
        batch().write(builder -> {
          builder.appendWithOffset(0, record(NOW, "a", "1"));
          builder.overrideLastOffset(99);
        }));
    file("gap_largest", "an offset delta of 2^31 - 1",
        batch().write(builder -> {
          builder.appendWithOffset(0, record(NOW, "a", "1"));
          builder.appendWithOffset(Integer.MAX_VALUE, record(NOW, "b", "2"));
        }));
  }

  private void writeLogs() throws IOException {
    List<ByteBuffer> batches = new ArrayList<>();
    long offset = 1000;
    for (CompressionType type : CompressionType.values()) {
      for (int count : new int[] {1, 3}) {
        Batch batch = batch().producer(11, 0, (int) (offset - 1000));
        batch.baseOffset = offset;
        batch.leaderEpoch = count;
        batch.codec = Compression.of(type).build();
        SimpleRecord[] records = new SimpleRecord[count];
        for (int i = 0; i < count; ++i) {
          records[i] = record(NOW + offset, "k" + i, type.name + " " + offset);
        }
        batches.add(batch.write(records));
        offset += count;
      }
    }
    file("log_of_all_codecs", "batches in a row, as in a segment",
        join(batches));

    batches.clear();
    Batch data = batch().producer(7, 3, 0);
    data.transactional = true;
    batches.add(data.write(record(NOW, "a", "1"), record(NOW, "b", "2")));
    Batch other = batch().producer(8, 0, 0);
    other.transactional = true;
    other.baseOffset = 2;
    batches.add(other.write(record(NOW, "c", "3")));
    batches.add(marker(ControlRecordType.ABORT, 3, 7, 3, 1));
    Batch plain = batch();
    plain.baseOffset = 4;
    batches.add(plain.write(record(NOW, "d", "4")));
    batches.add(marker(ControlRecordType.COMMIT, 5, 8, 0, 1));
    file("log_of_transactions", "two interleaved, one aborted", join(batches));
  }

  private void writeOldFormats() throws IOException {
    for (byte magic = 0; magic < 2; ++magic) {
      for (CompressionType type : CompressionType.values()) {
        if (type == CompressionType.ZSTD) continue;  // newer than the formats
        Batch batch = batch();
        batch.magic = magic;
        batch.baseOffset = 30;
        batch.codec = Compression.of(type).build();
        batch.timestampType = magic == 0 ? TimestampType.NO_TIMESTAMP_TYPE
            : TimestampType.CREATE_TIME;
        long now = magic == 0 ? RecordBatch.NO_TIMESTAMP : NOW;
        SimpleRecord[] records = {record(now, "a", "1"),
            record(now, null, "2"), record(now, "b", null),
            record(now, "", "")};
        file("v" + magic + "_" + type.name, "a message set of magic " + magic,
            batch.write(records));
        if (magic == 0) continue;
        batch.timestampType = TimestampType.LOG_APPEND_TIME;
        batch.appendTime = NOW + 77;
        file("v1_append_time_" + type.name, "a message set of magic 1",
            batch.write(records));
      }
    }
  }

  // Keeps the records of these offsets and, where none is left, the header.
  private static ByteBuffer compact(ByteBuffer full, long... kept) {
    return filter(full, false, record -> {
      for (long offset : kept) if (record.offset() == offset) return true;
      return false;
    });
  }

  private static ByteBuffer compactMarker(ByteBuffer full) {
    return filter(full, true, record -> true);
  }

  private static ByteBuffer filter(ByteBuffer full, boolean emptyTransaction,
      java.util.function.Predicate<Record> kept) {
    long day = 86_400_000L;
    MemoryRecords.FilterResult result = MemoryRecords.readableRecords(
        full.duplicate()).filterTo(new RecordFilter(NOW + 1000, day) {
          @Override
          protected BatchRetentionResult checkBatchRetention(
              RecordBatch batch) {
            return new BatchRetentionResult(BatchRetention.RETAIN_EMPTY,
                emptyTransaction);
          }

          @Override
          protected boolean shouldRetainRecord(RecordBatch batch,
                                               Record record) {
            return kept.test(record);
          }
        }, room(), BufferSupplier.NO_CACHING);
    ByteBuffer out = result.outputBuffer();
    out.flip();
    return copy(out);
  }

  private static ByteBuffer marker(ControlRecordType type, long offset,
                                   long producerId, int producerEpoch,
                                   int coordinatorEpoch) {
    return records(MemoryRecords.withEndTransactionMarker(offset, NOW,
        RecordBatch.NO_PARTITION_LEADER_EPOCH, producerId,
        (short) producerEpoch,
        new EndTransactionMarker(type, coordinatorEpoch)));
  }

  private static SimpleRecord record(long timestamp, String key, String value,
                                     Header... headers) {
    return new SimpleRecord(timestamp, utf8(key), utf8(value), headers);
  }

  private static Header header(String key, String value) {
    return new RecordHeader(key, utf8(value));
  }

  private static byte[] utf8(String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  private static ByteBuffer room() {
    return ByteBuffer.allocate(64 * 1024);
  }

  private static ByteBuffer records(MemoryRecords records) {
    return copy(records.buffer());
  }

  private static MutableRecordBatch only(ByteBuffer bytes) {
    return MemoryRecords.readableRecords(bytes).batches().iterator().next();
  }

  private static ByteBuffer bytes(MutableRecordBatch batch) {
    ByteBuffer out = ByteBuffer.allocate(batch.sizeInBytes());
    batch.writeTo(new ByteBufferOutputStream(out));
    out.flip();
    return out;
  }

  private static ByteBuffer join(List<ByteBuffer> batches) {
    ByteBuffer all = room();
    for (ByteBuffer batch : batches) all.put(batch.duplicate());
    all.flip();
    return copy(all);
  }

  private static ByteBuffer copy(ByteBuffer from) {
    ByteBuffer copy = ByteBuffer.allocate(from.remaining());
    copy.put(from.duplicate());
    copy.flip();
    return copy;
  }

  private Map<String, Object> file(String name, String what, ByteBuffer bytes)
      throws IOException {
    Path path = folder.resolve("batches").resolve(name + ".bin");
    Files.createDirectories(path.getParent());
    Files.write(path, bytes.array());
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("file", "batches/" + name + ".bin");
    entry.put("what", what);
    entry.put("bytes", bytes.limit());
    entry.put("batches", Description.ofBatches(bytes));
    files.add(entry);
    return entry;
  }

  // A file with the very records of another one: listed once, they need not
  // swell the manifest again.
  private void fileWithRecordsOf(String other, String name, String what,
                                 ByteBuffer bytes) throws IOException {
    String otherFile = "batches/" + other + ".bin";
    List<Object> expected = null;
    for (Object entry : files) {
      Map<?, ?> fields = (Map<?, ?>) entry;
      if (fields.get("file").equals(otherFile)) {
        expected = Description.takeRecords(fields, false);
      }
    }
    Map<String, Object> entry = file(name, what, bytes);
    Description.require(Description.takeRecords(entry, true).equals(expected),
        name + " has other records than " + other);
    entry.put("records_of", otherFile);
  }
}
