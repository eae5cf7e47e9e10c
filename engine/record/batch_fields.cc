#include "engine/record/batch_fields.h"

namespace cauce {

BatchFields FieldsOf(const RecordBatch& batch) {
  BatchFields fields;
  fields.codec = batch.codec();
  fields.timestamp_type = batch.timestamp_type();
  fields.transactional = batch.is_transactional();
  fields.control = batch.is_control();
  fields.leader_epoch = batch.leader_epoch();
  fields.producer_id = batch.producer_id();
  fields.producer_epoch = batch.producer_epoch();
  fields.base_sequence = batch.base_sequence();
  fields.base_offset = batch.base_offset();
  if (batch.has_delete_horizon()) {
    fields.delete_horizon = batch.base_timestamp();
  } else {
    fields.base_timestamp = batch.base_timestamp();
  }
  fields.max_timestamp = batch.max_timestamp();
  fields.last_offset_delta = batch.last_offset_delta();
  return fields;
}

}  // namespace cauce
