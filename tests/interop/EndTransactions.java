import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.common.TopicPartition;

/**
 * Prints what a broker knows of the producers of partition 0 of a topic, in the
 * order of their ids: id, epoch, last sequence, last timestamp, epoch of the
 * coordinator, and where the open transaction begins, -1 for none. Then aborts
 * the transactions that are open, as an administrator does whose coordinator
 * knows nothing of them. Arguments: the broker's address and the topic.
 */
public final class EndTransactions {
  public static void main(String[] args) throws Exception {
    TopicPartition partition = new TopicPartition(args[1], 0);
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0]))) {
      List<ProducerState> producers =
          admin.describeProducers(List.of(partition)).partitionResult(partition).get()
              .activeProducers();
      for (ProducerState producer :
          producers.stream().sorted(Comparator.comparingLong(ProducerState::producerId)).toList()) {
        print(producer);
        if (producer.currentTransactionStartOffset().isEmpty()) continue;
        admin
            .abortTransaction(
                new AbortTransactionSpec(
                    partition,
                    producer.producerId(),
                    (short) producer.producerEpoch(),
                    producer.coordinatorEpoch().orElse(0)))
            .all()
            .get();
      }
    }
  }

  private static void print(ProducerState producer) {
    OptionalInt coordinator = producer.coordinatorEpoch();
    OptionalLong first = producer.currentTransactionStartOffset();
    System.out.println(
        producer.producerId() + " " + producer.producerEpoch() + " " + producer.lastSequence()
            + " " + producer.lastTimestamp() + " " + coordinator.orElse(-1)
            + " " + first.orElse(-1));
  }
}
