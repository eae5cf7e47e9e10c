package cauce.golden;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.clients.consumer.StickyAssignor;
import org.apache.kafka.clients.consumer.internals.AbstractPartitionAssignor;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.AppInfoParser;

/**
 * Writes what Apache Kafka's own assignors make of a hundred groups. Argument:
 * the folder to write to. The groups come from one seed, so every run of one
 * Kafka release gives the same file.
 */
public final class GoldenAssignments {
  private static final int GENERATION = 5;

  private final Random random = new Random(5);

  private record Member(
      String id,
      String instance,
      List<String> topics,
      List<TopicPartition> owned,
      int generation) {}

  public static void main(String[] arguments) throws IOException {
    GoldenAssignments golden = new GoldenAssignments();
    List<Object> cases = new ArrayList<>();
    for (int i = 0; i < 100; ++i) cases.add(golden.makeCase(i));
    Map<String, Object> manifest = new LinkedHashMap<>();
    manifest.put("kafka", AppInfoParser.getVersion());
    manifest.put("cases", cases);
    Files.writeString(
        Path.of(arguments[0]).resolve("assignments.json"), Json.print(manifest));
  }

  private Map<String, Object> makeCase(int number) {
    Map<String, Integer> topics = new TreeMap<>();
    for (int i = 1 + random.nextInt(5); i > 0; --i) {
      topics.put("topic" + i, 1 + random.nextInt(12));
    }
    List<Member> members = makeMembers(topics, number % 2 == 0);
    // Assignors are told of those topics alone that somebody wants.
    topics.keySet().retainAll(
        members.stream().flatMap(member -> member.topics.stream()).toList());

    Map<String, Object> out = new LinkedHashMap<>();
    out.put("topics", topics);
    out.put("members", members.stream().map(GoldenAssignments::describe).toList());
    out.put("range", assign(new RangeAssignor(), topics, members));
    out.put("roundrobin", assign(new RoundRobinAssignor(), topics, members));
    out.put("sticky", assign(new StickyAssignor(), topics, members));
    out.put(
        "cooperative-sticky",
        assign(new CooperativeStickyAssignor(), topics, members));
    return out;
  }

  /** Ids are dealt at random, so that their order is not that of creation. */
  private List<Member> makeMembers(Map<String, Integer> topics, boolean alike) {
    int count = 1 + random.nextInt(8);
    List<List<TopicPartition>> owned = makeOwned(topics, count);
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < count; ++i) {
      String id = "member-" + (char) ('a' + random.nextInt(26)) + i;
      String instance =
          random.nextInt(3) == 0
              ? "instance-" + (char) ('a' + random.nextInt(26)) + i
              : null;
      boolean stale = random.nextInt(8) == 0;
      members.add(
          new Member(
              id,
              instance,
              alike ? List.copyOf(topics.keySet()) : someOf(topics),
              owned.get(i),
              owned.get(i).isEmpty() ? -1 : stale ? GENERATION - 1 : GENERATION));
    }
    return members;
  }

  /** What members own from before: nothing, some of it or all, not evenly. */
  private List<List<TopicPartition>> makeOwned(
      Map<String, Integer> topics, int count) {
    List<List<TopicPartition>> owned = new ArrayList<>();
    for (int i = 0; i < count; ++i) owned.add(new ArrayList<>());
    int owners = random.nextInt(count + 1);
    if (owners == 0) return owned;
    topics.forEach(
        (topic, partitions) -> {
          for (int i = 0; i < partitions; ++i) {
            if (random.nextInt(6) == 0) continue;
            owned.get(random.nextInt(owners)).add(new TopicPartition(topic, i));
          }
        });
    // A claim that somebody else makes as well.
    if (random.nextInt(3) == 0 && !owned.get(0).isEmpty()) {
      TopicPartition claimed = owned.get(0).get(0);
      List<TopicPartition> other = owned.get(count - 1);
      if (!other.contains(claimed)) other.add(claimed);
    }
    return owned;
  }

  private List<String> someOf(Map<String, Integer> topics) {
    List<String> all = new ArrayList<>(topics.keySet());
    Collections.shuffle(all, random);
    return all.subList(0, 1 + random.nextInt(all.size())).stream().sorted().toList();
  }

  private static Map<String, Object> describe(Member member) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("id", member.id);
    out.put("instance", member.instance);
    out.put("topics", String.join(" ", member.topics));
    out.put("owned", print(member.owned));
    out.put("generation", member.generation);
    return out;
  }

  private static Map<String, Object> assign(
      AbstractPartitionAssignor assignor,
      Map<String, Integer> topics,
      List<Member> members) {
    Map<String, Subscription> subscriptions = new TreeMap<>();
    for (Member member : members) {
      Subscription subscription =
          new Subscription(
              member.topics,
              userData(assignor, member),
              member.owned,
              member.generation,
              Optional.empty());
      subscription.setGroupInstanceId(Optional.ofNullable(member.instance));
      subscriptions.put(member.id, subscription);
    }
    Map<String, Object> out = new TreeMap<>();
    assignor
        .assign(topics, subscriptions)
        .forEach((id, partitions) -> out.put(id, print(partitions)));
    return out;
  }

  /** The sticky assignor believes its own words alone. */
  private static ByteBuffer userData(
      AbstractPartitionAssignor assignor, Member member) {
    if (!(assignor instanceof StickyAssignor) || member.generation < 0) return null;
    StickyAssignor former = new StickyAssignor();
    former.onAssignment(
        new Assignment(member.owned),
        new ConsumerGroupMetadata(
            "group",
            member.generation,
            member.id,
            Optional.ofNullable(member.instance)));
    return former.subscriptionUserData(Collections.emptySet());
  }

  private static String print(List<TopicPartition> partitions) {
    return partitions.stream()
        .sorted(
            Comparator.comparing(TopicPartition::topic)
                .thenComparing(TopicPartition::partition))
        .map(TopicPartition::toString)
        .collect(Collectors.joining(" "));
  }
}
