package cauce.golden;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.ControlRecordType;
import org.apache.kafka.common.record.EndTransactionMarker;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MutableRecordBatch;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.utils.Utils;

/**
 * What Kafka's own readers see in a golden file. Header fields are taken from
 * the bytes where they stand and from the readers, so that the two must agree.
 */
final class Description {
  private Description() {}

  static List<Object> ofBatches(ByteBuffer bytes) {
    List<Object> batches = new ArrayList<>();
    int position = 0;
    MemoryRecords records = MemoryRecords.readableRecords(bytes.duplicate());
    for (MutableRecordBatch batch : records.batches()) {
      batch.ensureValid();
      batches.add(ofBatch(bytes, position, batch));
      position += batch.sizeInBytes();
    }
    require(position == bytes.limit(), "batches end before the file does");
    return batches;
  }

  /** Returns the records of each batch of a file; `remove`s them if told. */
  static List<Object> takeRecords(Map<?, ?> file, boolean remove) {
    List<Object> records = new ArrayList<>();
    for (Object batch : (List<?>) file.get("batches")) {
      Map<?, ?> fields = (Map<?, ?>) batch;
      records.add(fields.get("records"));
      if (remove) fields.remove("records");
    }
    return records;
  }

  private static Map<String, Object> ofBatch(ByteBuffer bytes, int position,
                                             MutableRecordBatch batch) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("position", position);
    fields.put("size", batch.sizeInBytes());
    fields.put("magic", (int) batch.magic());
    fields.put("base_offset", batch.baseOffset());
    fields.put("last_offset", batch.lastOffset());
    fields.put("crc", Integer.toUnsignedLong((int) batch.checksum()));
    fields.put("codec", batch.compressionType().name);
    fields.put("timestamp_type", batch.timestampType().name);
    fields.put("max_timestamp", batch.maxTimestamp());
    if (batch.magic() >= RecordBatch.MAGIC_VALUE_V2) {
      addSecond(bytes, position, batch, fields);
    } else {
      fields.put("attributes", (int) bytes.get(position + 17));
    }
    List<Object> records = new ArrayList<>();
    for (Record record : batch) records.add(ofRecord(batch, record));
    fields.put("records", records);
    return fields;
  }

  // The fields that only the second version of the format has.
  private static void addSecond(ByteBuffer bytes, int position,
                                MutableRecordBatch batch,
                                Map<String, Object> fields) {
    fields.put("batch_length", bytes.getInt(position + 8));
    fields.put("leader_epoch", bytes.getInt(position + 12));
    fields.put("attributes", (int) bytes.getShort(position + 21));
    fields.put("last_offset_delta", bytes.getInt(position + 23));
    fields.put("base_timestamp", bytes.getLong(position + 27));
    fields.put("producer_id", bytes.getLong(position + 43));
    fields.put("producer_epoch", (int) bytes.getShort(position + 51));
    fields.put("base_sequence", bytes.getInt(position + 53));
    fields.put("record_count", bytes.getInt(position + 57));
    fields.put("last_sequence", batch.lastSequence());
    fields.put("transactional", batch.isTransactional());
    fields.put("control", batch.isControlBatch());
    fields.put("delete_horizon", batch.deleteHorizonMs().isPresent()
        ? batch.deleteHorizonMs().getAsLong() : null);

    require(bytes.getLong(position) == batch.baseOffset(), "base offset");
    require(bytes.getInt(position + 12) == batch.partitionLeaderEpoch(),
        "leader epoch");
    require(bytes.getInt(position + 17) == (int) batch.checksum(), "crc");
    require(bytes.getLong(position + 35) == batch.maxTimestamp(),
        "max timestamp");
    require(bytes.getLong(position + 43) == batch.producerId(), "producer id");
    require(bytes.getShort(position + 51) == batch.producerEpoch(),
        "producer epoch");
    require(bytes.getInt(position + 53) == batch.baseSequence(),
        "base sequence");
    require(batch.countOrNull() == bytes.getInt(position + 57),
        "record count");
  }

  private static Map<String, Object> ofRecord(RecordBatch batch,
                                              Record record) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("offset", record.offset());
    fields.put("timestamp", record.timestamp());
    fields.put("sequence", record.sequence());
    fields.put("key", base64(record.key()));
    fields.put("value", base64(record.value()));
    List<Object> headers = new ArrayList<>();
    for (Header header : record.headers()) {
      Map<String, Object> entry = new LinkedHashMap<>();
      byte[] key = header.key().getBytes(StandardCharsets.UTF_8);
      entry.put("key", Base64.getEncoder().encodeToString(key));
      entry.put("value", header.value() == null
          ? null : Base64.getEncoder().encodeToString(header.value()));
      headers.add(entry);
    }
    fields.put("headers", headers);
    if (batch.isControlBatch()) addControl(record, fields);
    return fields;
  }

  private static void addControl(Record record, Map<String, Object> fields) {
    ControlRecordType type = ControlRecordType.parse(record.key());
    fields.put("control_type", type.name());
    if (type == ControlRecordType.COMMIT || type == ControlRecordType.ABORT) {
      fields.put("coordinator_epoch",
          EndTransactionMarker.deserialize(record).coordinatorEpoch());
    }
  }

  private static String base64(ByteBuffer bytes) {
    return bytes == null
        ? null : Base64.getEncoder().encodeToString(Utils.toArray(bytes));
  }

  static void require(boolean holds, String what) {
    if (!holds) throw new IllegalStateException(what);
  }
}
