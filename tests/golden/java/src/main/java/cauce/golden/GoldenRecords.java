package cauce.golden;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ConsumerProtocolAssignment;
import org.apache.kafka.common.message.ConsumerProtocolAssignmentJsonConverter;
import org.apache.kafka.common.message.ConsumerProtocolSubscription;
import org.apache.kafka.common.message.ConsumerProtocolSubscriptionJsonConverter;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.common.utils.AppInfoParser;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMetadataKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMetadataKeyJsonConverter;
import org.apache.kafka.coordinator.group.generated.GroupMetadataKey;
import org.apache.kafka.coordinator.group.generated.GroupMetadataKeyJsonConverter;
import org.apache.kafka.coordinator.group.generated.GroupMetadataValue;
import org.apache.kafka.coordinator.group.generated.GroupMetadataValue.MemberMetadata;
import org.apache.kafka.coordinator.group.generated.GroupMetadataValueJsonConverter;
import org.apache.kafka.coordinator.group.generated.LegacyOffsetCommitKey;
import org.apache.kafka.coordinator.group.generated.LegacyOffsetCommitKeyJsonConverter;
import org.apache.kafka.coordinator.group.generated.OffsetCommitKey;
import org.apache.kafka.coordinator.group.generated.OffsetCommitKeyJsonConverter;
import org.apache.kafka.coordinator.group.generated.OffsetCommitValue;
import org.apache.kafka.coordinator.group.generated.OffsetCommitValueJsonConverter;
import org.apache.kafka.coordinator.transaction.generated.TransactionLogKey;
import org.apache.kafka.coordinator.transaction.generated.TransactionLogKeyJsonConverter;
import org.apache.kafka.coordinator.transaction.generated.TransactionLogValue;
import org.apache.kafka.coordinator.transaction.generated.TransactionLogValue.PartitionsSchema;
import org.apache.kafka.coordinator.transaction.generated.TransactionLogValueJsonConverter;

/**
 * Writes what Kafka's coordinators keep, and what consumers say to each other,
 * in every version, with Kafka's own classes: bytes, and the fields that they
 * hold. Argument: the folder to write to.
 */
public final class GoldenRecords {
  private static final long NOW = 1_700_000_000_000L;
  private static final Uuid TOPIC_ID =
      new Uuid(0x0102030405060708L, 0x090a0b0c0d0e0f10L);

  private final List<Object> records = new ArrayList<>();

  public static void main(String[] arguments) throws IOException {
    GoldenRecords golden = new GoldenRecords();
    golden.addOffsets();
    golden.addGroups();
    golden.addTransactions();
    golden.addSubscriptions();
    golden.addAssignments();
    Map<String, Object> manifest = new LinkedHashMap<>();
    manifest.put("kafka", AppInfoParser.getVersion());
    manifest.put("records", golden.records);
    Files.writeString(Path.of(arguments[0], "coordinator_records.json"),
                      Json.print(manifest));
  }

  private void addOffsets() {
    LegacyOffsetCommitKey legacy = new LegacyOffsetCommitKey()
        .setGroup("group").setTopic("orders").setPartition(3);
    addKey(legacy, LegacyOffsetCommitKeyJsonConverter.write(legacy, (short) 0));
    OffsetCommitKey key = new OffsetCommitKey()
        .setGroup("grupo-\u00e9").setTopic("orders").setPartition(11);
    addKey(key, OffsetCommitKeyJsonConverter.write(key, (short) 0));
    for (short version = 0; version <= 4; ++version) {
      addOffset("defaults", version, new OffsetCommitValue());
      OffsetCommitValue value = new OffsetCommitValue()
          .setOffset(1L << 40).setLeaderEpoch(7).setMetadata("mine")
          .setCommitTimestamp(NOW);
      addOffset("all but an expiry and a topic id", version, value);
      addOffset("everything", version, value.duplicate()
          .setExpireTimestamp(NOW + 1).setTopicId(TOPIC_ID));
    }
    OffsetCommitValue tagged = new OffsetCommitValue().setOffset(5)
        .setTopicId(TOPIC_ID);
    tagged.unknownTaggedFields().add(unknownTag());
    addOffset("an unknown tag", (short) 4, tagged);
  }

  private void addOffset(String what, short version, OffsetCommitValue value) {
    add(what, version, value,
        OffsetCommitValueJsonConverter.write(value, version));
  }

  private void addGroups() {
    GroupMetadataKey key = new GroupMetadataKey().setGroup("group");
    addKey(key, GroupMetadataKeyJsonConverter.write(key, (short) 0));
    ConsumerGroupMetadataKey newer =
        new ConsumerGroupMetadataKey().setGroupId("group");
    addKey(newer,
           ConsumerGroupMetadataKeyJsonConverter.write(newer, (short) 0));
    for (short version = 0; version <= 4; ++version) {
      addGroup("an empty group", version, new GroupMetadataValue()
          .setProtocolType("").setProtocol(null).setLeader(null));
      addGroup("members", version, new GroupMetadataValue()
          .setProtocolType("consumer").setGeneration(9).setProtocol("range")
          .setLeader("one").setCurrentStateTimestamp(NOW)
          .setMembers(List.of(
              member("one").setGroupInstanceId("static-1")
                  .setRebalanceTimeout(300_000),
              member("two").setSubscription(new byte[0])
                  .setAssignment(new byte[200]))));
    }
    GroupMetadataValue tagged = new GroupMetadataValue()
        .setProtocolType("consumer").setMembers(List.of(member("one")));
    tagged.members().get(0).unknownTaggedFields().add(unknownTag());
    addGroup("an unknown tag", (short) 4, tagged);
  }

  private static MemberMetadata member(String id) {
    return new MemberMetadata().setMemberId(id).setClientId("client-" + id)
        .setClientHost("/127.0.0.1").setSessionTimeout(45_000)
        .setSubscription(bytes("topics")).setAssignment(bytes("partitions"));
  }

  private void addGroup(String what, short version, GroupMetadataValue value) {
    add(what, version, value,
        GroupMetadataValueJsonConverter.write(value, version));
  }

  private void addTransactions() {
    TransactionLogKey key = new TransactionLogKey().setTransactionalId("txn");
    addKey(key, TransactionLogKeyJsonConverter.write(key, (short) 0));
    for (short version = 0; version <= 1; ++version) {
      addTransaction("defaults", version, new TransactionLogValue());
      addTransaction("no partitions", version,
                     transaction(0).setTransactionPartitions(null));
      for (int status = 1; status <= 7; ++status) {
        addTransaction("status " + status, version, transaction(status));
      }
    }
    addTransaction("every tag", (short) 1, transaction(1)
        .setPreviousProducerId(99).setNextProducerId(1001)
        .setClientTransactionVersion((short) 2)
        .setNextProducerEpoch((short) 4));
    addTransaction("the last tag", (short) 1,
                   transaction(2).setNextProducerEpoch((short) 0));
    TransactionLogValue tagged = transaction(4).setPreviousProducerId(99);
    tagged.unknownTaggedFields().add(unknownTag());
    addTransaction("an unknown tag", (short) 1, tagged);
  }

  private static TransactionLogValue transaction(int status) {
    return new TransactionLogValue().setProducerId(1000)
        .setProducerEpoch((short) 3).setTransactionTimeoutMs(60_000)
        .setTransactionStatus((byte) status)
        .setTransactionPartitions(List.of(
            new PartitionsSchema().setTopic("orders")
                .setPartitionIds(List.of(0, 5, 2)),
            new PartitionsSchema().setTopic("__consumer_offsets")
                .setPartitionIds(List.of(49))))
        .setTransactionLastUpdateTimestampMs(NOW + 5)
        .setTransactionStartTimestampMs(NOW);
  }

  private void addTransaction(String what, short version,
                              TransactionLogValue value) {
    add(what, version, value,
        TransactionLogValueJsonConverter.write(value, version));
  }

  private void addSubscriptions() {
    for (short version = 0; version <= 3; ++version) {
      addSubscription("defaults", version, new ConsumerProtocolSubscription());
      ConsumerProtocolSubscription.TopicPartitionCollection owned =
          new ConsumerProtocolSubscription.TopicPartitionCollection();
      owned.add(new ConsumerProtocolSubscription.TopicPartition()
          .setTopic("a").setPartitions(List.of(0, 1)));
      owned.add(new ConsumerProtocolSubscription.TopicPartition()
          .setTopic("b").setPartitions(List.of()));
      addSubscription("everything", version, new ConsumerProtocolSubscription()
          .setTopics(List.of("a", "b"))
          .setUserData(ByteBuffer.wrap(bytes("sticky")))
          .setOwnedPartitions(owned).setGenerationId(12).setRackId("rack-1"));
    }
  }

  private void addSubscription(String what, short version,
                               ConsumerProtocolSubscription value) {
    add(what, version, value,
        ConsumerProtocolSubscriptionJsonConverter.write(value, version));
  }

  private void addAssignments() {
    for (short version = 0; version <= 3; ++version) {
      addAssignment("defaults", version, new ConsumerProtocolAssignment());
      ConsumerProtocolAssignment.TopicPartitionCollection assigned =
          new ConsumerProtocolAssignment.TopicPartitionCollection();
      assigned.add(new ConsumerProtocolAssignment.TopicPartition()
          .setTopic("a").setPartitions(List.of(7, 1)));
      addAssignment("everything", version, new ConsumerProtocolAssignment()
          .setAssignedPartitions(assigned)
          .setUserData(ByteBuffer.wrap(new byte[0])));
    }
  }

  private void addAssignment(String what, short version,
                             ConsumerProtocolAssignment value) {
    add(what, version, value,
        ConsumerProtocolAssignmentJsonConverter.write(value, version));
  }

  private void addKey(ApiMessage key, JsonNode fields) {
    ByteBuffer bytes = MessageUtil.toCoordinatorTypePrefixedByteBuffer(key);
    put(key, "a key of kind " + key.apiKey(), (short) 0, fields, bytes);
  }

  private void add(String what, short version, Message value,
                   JsonNode fields) {
    put(value, what, version, fields,
        MessageUtil.toVersionPrefixedByteBuffer(version, value));
  }

  private void put(Message message, String what, short version,
                   JsonNode fields, ByteBuffer bytes) {
    byte[] copy = new byte[bytes.remaining()];
    bytes.duplicate().get(copy);
    Map<String, Object> record = new LinkedHashMap<>();
    record.put("type", message.getClass().getSimpleName());
    record.put("version", version);
    record.put("what", what);
    record.put("fields", plain(fields));
    record.put("bytes", HexFormat.of().formatHex(copy));
    records.add(record);
  }

  private static RawTaggedField unknownTag() {
    return new RawTaggedField(77, bytes("from the future"));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Maps, lists, texts, numbers and null; bytes become base64. */
  private static Object plain(JsonNode node) {
    if (node.isObject()) {
      Map<String, Object> map = new LinkedHashMap<>();
      node.fields().forEachRemaining(
          entry -> map.put(entry.getKey(), plain(entry.getValue())));
      return map;
    }
    if (node.isArray()) {
      List<Object> list = new ArrayList<>();
      node.forEach(element -> list.add(plain(element)));
      return list;
    }
    if (node.isNull()) return null;
    return node.isNumber() ? node.numberValue() : node.asText();
  }
}
